"""Deployments: the questions to a service, what is watched, the image, and the commands that bring it there."""
