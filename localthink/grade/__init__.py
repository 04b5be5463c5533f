"""Graders: does an answer solve its task?"""
