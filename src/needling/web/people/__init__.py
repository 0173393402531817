"""What is known of a person: answers, zones, scales."""
