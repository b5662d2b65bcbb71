"""The pages about money: what to buy, and what a purchase would bring."""
