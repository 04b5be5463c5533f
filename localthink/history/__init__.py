"""The store of chat conversations: trees of messages in one SQLite file, found again by their words."""
from localthink.history.records import Conversation, Hit, Piece, State, StoredMessage, ThoughtSpan, TokenRun
from localthink.history.store import History

__all__ = ["Conversation", "History", "Hit", "Piece", "State", "StoredMessage", "ThoughtSpan", "TokenRun"]
