"""Many attempts at one question, and one answer: when they are enough, which one it is, and how sure that is."""
