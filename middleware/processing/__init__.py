"""The register of processing activities (GDPR, Article 30): what is known, what the shop adds, in which words."""
