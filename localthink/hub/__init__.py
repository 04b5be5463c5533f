"""Models from the Hugging Face Hub: found, downloaded, checked, and removed again."""
