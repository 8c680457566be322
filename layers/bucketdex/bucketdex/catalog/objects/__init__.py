"""What the page of an object is made of."""
