"""What is written in the bench of drafts."""

from __future__ import annotations

OLD_FILE = '''```python
"""A basket of goods, and what it costs."""

from dataclasses import dataclass, field


@dataclass
class Item:
    name: str
    price: float
    weight: float
    count: int = 1


@dataclass
class Basket:
    owner: str
    items: list[Item] = field(default_factory=list)
    discount: float = 0.0

    def add(self, item: Item) -> None:
        for known in self.items:
            if known.name == item.name and known.price == item.price:
                known.count += item.count
                return
        self.items.append(item)

    def remove(self, name: str) -> bool:
        for index, item in enumerate(self.items):
            if item.name == name:
                del self.items[index]
                return True
        return False

    def total(self) -> float:
        plain = sum(item.price * item.count for item in self.items)
        return round(plain * (1 - self.discount), 2)

    def weight(self) -> float:
        return sum(item.weight * item.count for item in self.items)

    def heaviest(self) -> Item | None:
        return max(self.items, key=lambda item: item.weight, default=None)

    def shipping(self) -> float:
        kilos = self.weight()
        if kilos == 0:
            return 0.0
        if kilos < 2:
            return 4.9
        return 4.9 + 1.2 * (kilos - 2)


def read(lines: list[str], owner: str) -> "Basket":
    goods = []
    for number, line in enumerate(lines, 1):
        parts = [part.strip() for part in line.split(";")]
        if len(parts) != 4:
            raise ValueError(f"line {number}: four fields are needed, not {len(parts)}")
        name, price, weight, count = parts
        goods.append(Item(name, float(price), float(weight), int(count)))
    return Basket(owner, goods)
```'''
CHANGE = "Write this file again, with 0.05 as the discount if nothing else is said."
REWRITTEN_FILE = "Here is the file:\n\n" + OLD_FILE.replace("discount: float = 0.0", "discount: float = 0.05")
PLAIN_TASKS = (
    "Write a story about a fox who finds a lamp.",
    "Explain why the sky is blue.",
    "What should I see in Rome in three days?",
    "Write a letter to a friend who has moved to the sea.",
    "How does a bicycle stay upright?",
    "Tell me about the history of glass.",
)
