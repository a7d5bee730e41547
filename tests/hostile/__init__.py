"""Inputs that mean harm, and what is promised of them."""
