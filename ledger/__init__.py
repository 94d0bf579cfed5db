"""What the business knows: it decides and proposes; the chain says what is true."""
