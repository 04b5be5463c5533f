"""Many prompts, offline: requests in, a ledger of results out, nothing lost and nothing done twice."""
