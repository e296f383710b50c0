"""The service: answers with the model that was promoted. Needs neither pandas nor scikit-learn nor DVC."""
