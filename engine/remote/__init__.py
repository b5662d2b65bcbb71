"""Answers from an endpoint elsewhere that speaks the protocol of OpenAI."""
