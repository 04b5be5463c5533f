"""Who says whether a thought, a step or an answer is right, and how far that can be trusted."""
