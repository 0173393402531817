"""Where the channels lie: punctures over a zone, what is measured on them, agreement, and the stimulus they leave."""
