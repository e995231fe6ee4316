"""Eligibility (オンライン資格確認): the gateway's answers as values, and the client that asks it."""
