"""Looking at what would be exported: spot checks, and how far reviewers agree."""
