"""Plans on the screen: words, bars and cards that several features show."""
