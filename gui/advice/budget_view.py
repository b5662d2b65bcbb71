"""Money in, machines out: a comparison, the guide's three budgets, and the prices that all rests on."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.planning.budget import BudgetAdvice, BudgetMachine
from engine.planning.prices import Sourced
from engine.planning.terms import Terms
from engine.planning.worth import STREAMS
from gui.advice.model import AdviceModel
from gui.advice.prices_view import PricesView
from gui.advice.words import (
    NONE,
    energy_cell,
    even_cell,
    money_words,
    range_words,
    remark_words,
    speed_cell,
    watts_source_words,
)
from gui.plans.aim_row import AimRow
from gui.plans.report import plan_lines
from gui.plans.words import verdict_words
from gui.widgets.controls import Button, NumberBox
from gui.widgets.copy_button import CopyButton
from gui.widgets.facts_table import FactsTable
from gui.widgets.labels import Line, Text
from gui.widgets.number_field import NumberField
from gui.widgets.rows import in_line
from gui.widgets.sentences import SentenceLabel, translate
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View

_MOST = 10_000_000
_TIERS = (5_000, 20_000, 60_000)


class BudgetView(View):
    """Knows no event: its model does."""

    def __init__(self, model: AdviceModel, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._money_label = Line("", "muted")
        self._money = NumberBox(1, _MOST)
        self._money.setValue(20_000)
        self._money.setSingleStep(1000)
        self._money.setGroupSeparatorShown(True)
        self._tiers = [Button() for _ in _TIERS]
        self._aim = AimRow(theme)
        self._fields = [NumberField() for _ in range(3)]
        self._labels = [Line("", "muted") for _ in self._fields]
        self._ask = Button("primary")
        self._stop = Button()
        self._state = Text("", "muted")
        self._headline = Text("", "heading")
        self._failure = SentenceLabel("danger")
        self._remarks = SentenceLabel("muted", wording=remark_words)
        self._table = FactsTable()
        self._tier_head = Text("", "heading")
        self._tier_table = FactsTable()
        self._copy = CopyButton(theme, self.report)
        self._prices = PricesView(model)
        self._arrange()
        self._connect()
        self.retranslate()

    def retranslate(self) -> None:
        self._money_label.setText(self.tr("I have"))
        self._money.setAccessibleName(self.tr("Budget in CNY"))
        self._money.setSuffix(self.tr(" CNY"))
        for button, money in zip(self._tiers, _TIERS, strict=True):
            button.word(money_words(money), self.tr("A budget of a widely copied guide"))
        words = (
            (self.tr("Electricity, CNY/kWh"), "0.6"),
            (self.tr("API, CNY per million tokens"), "16"),
            (self.tr("Tokens a day"), "200000"),
        )
        for label, field, (name, example) in zip(self._labels, self._fields, words, strict=True):
            label.setText(name)
            field.setAccessibleName(name)
            field.setPlaceholderText(self.tr("not said, e.g. {example}").format(example=example))
        self._ask.word(self.tr("Compare"))
        self._stop.word(self.tr("Stop"))
        self._tier_head.setText(self.tr("Three budgets of a widely copied guide"))
        self._table.setAccessibleName(self.tr("Machines that the money buys"))
        self._tier_table.setAccessibleName(self.tr("Three budgets of a widely copied guide"))
        self._show()

    def begin(self) -> None:
        """Asks for what is in the fields, so that prices and a first comparison are there."""
        self._compare()

    def report(self) -> str:
        """The comparison as plain text."""
        advice = self._model.advice
        if advice is None:
            return ""
        lines = [self._headline.text(), *self._terms_lines(), ""]
        for machine in advice.machines:
            lines += self._machine_lines(machine)
        return "\n".join([*lines, "", *map(translate, advice.remarks)])

    def _terms_lines(self) -> list[str]:
        """What a person said of electricity and an API."""
        said = zip(self._labels, self._fields, strict=True)
        return [f"{label.text()}: {field.text()}" for label, field in said if field.text()]

    def _machine_lines(self, machine: BudgetMachine) -> list[str]:
        lines = [f"{machine.offer.description.name}: {range_words(machine.offer.low, machine.spent)}"]
        for piece in machine.offer.pieces:
            if piece.each:
                price = range_words(piece.each.low, piece.each.high)
                lines.append(
                    f"  {piece.count} × {piece.part.name}: {price}, {piece.each.date}, {piece.each.source}"
                )
            taken = watts_source_words(piece.part.watts)
            lines += [f"    {taken}"] if taken else []
        lines += [f"  {line}" for plan in machine.plans[:1] for line in plan_lines(plan)]
        for head, row in zip(self._heads()[2:-2], machine.worth, strict=False):
            lines.append(f"  {head}: {speed_cell(row)}".replace("\n", ", "))
        money = zip(self._heads()[-2:], (energy_cell(machine), even_cell(machine)), strict=True)
        for head, cell in money:
            if cell != NONE:
                lines.append("  " + head.replace("\n", " ") + ": " + cell.replace("\n", ", "))
        return lines

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(in_line(self._money_label, self._money, *self._tiers))
        column.addWidget(self._aim)
        terms = QHBoxLayout()
        for label, field in zip(self._labels, self._fields, strict=True):
            pair = QVBoxLayout()
            pair.addWidget(label)
            pair.addWidget(field)
            terms.addLayout(pair, 1)
        column.addLayout(terms)
        ask = QHBoxLayout()
        ask.addWidget(self._ask)
        ask.addWidget(self._stop)
        ask.addWidget(self._state, 1)
        column.addLayout(ask)
        for widget in (self._failure, self._headline, self._table, self._remarks):
            column.addWidget(widget)
        column.addLayout(in_line(self._copy))
        column.addWidget(self._tier_head)
        column.addWidget(self._tier_table)
        column.addWidget(self._prices)
        column.addStretch(1)

    def _connect(self) -> None:
        self._ask.clicked.connect(self._compare)
        self._stop.clicked.connect(self._model.stop_budget)
        self._money.lineEdit().returnPressed.connect(self._compare)
        for field in self._fields:
            field.returnPressed.connect(self._compare)
        self._aim.chosen.connect(self._compare)
        for button, money in zip(self._tiers, _TIERS, strict=True):
            button.setProperty("money", money)
            button.clicked.connect(self._take_tier)
        self._model.budget_changed.connect(self._show)
        self._model.budget_progressed.connect(self._show_machines)

    def _take_tier(self) -> None:
        self._money.setValue(self.sender().property("money"))
        self._compare()

    def _compare(self) -> None:
        half = next((field for field in self._fields if not field.hasAcceptableInput()), None)
        if half is not None:  # it would be left out without a word
            half.setFocus()
            return
        electricity, api, tokens = (field.number() for field in self._fields)
        terms = Terms(self._given(electricity), self._given(api), tokens or None)
        self._model.ask_budget(float(self._money.value()), self._aim.aim, terms)

    def _given(self, value: float | None) -> Sourced | None:
        return None if value is None else Sourced(value, value, self.tr("given by you"), "")

    def _show(self) -> None:
        model, advice = self._model, self._model.advice
        if not model.budget_busy and self._stop.hasFocus():
            self._ask.setFocus()
        self._stop.setVisible(model.budget_busy)
        self._failure.show_sentences(*([model.budget_failure] if model.budget_failure else []))
        self._show_machines()
        rows = [row for row in advice.tiers if row.machine is not None] if advice else []
        self._tier_head.setVisible(bool(rows))
        kept = 2 + len(STREAMS)
        self._tier_table.show_rows(
            [self.tr("Budget"), *self._heads()[:kept]],
            [[money_words(row.budget), *self._row(row.machine)[:kept]] for row in rows if row.machine],
            wide=1,
        )

    def _show_machines(self) -> None:
        """While they are compared those that are known so far, and no verdict yet."""
        comparison = self._model.comparison
        advice = self._model.advice if comparison is None else None
        self._state.setText(self._state_words())
        self._headline.setText(self._headline_words(advice))
        self._headline.setVisible(advice is not None)
        self._copy.setVisible(advice is not None)
        machines = comparison.machines if comparison else advice.machines if advice else ()
        self._table.show_rows(self._heads(), [self._row(each) for each in machines])
        self._remarks.show_sentences(*(advice.remarks if advice else ()))

    def _state_words(self) -> str:
        comparison, busy = self._model.comparison, self._model.budget_busy
        if comparison is None:
            return self.tr("Working it out…") if busy else ""
        words = (
            self.tr("{done} of {total} machines are compared…")
            if busy
            else self.tr("Stopped: {done} of {total} machines are compared.")
        )
        return words.format(done=len(comparison.planned), total=comparison.total)

    def _headline_words(self, advice: BudgetAdvice | None) -> str:
        if advice is None:
            return ""
        if not advice.buy or not advice.machines:
            return self.tr("Don't buy")
        best = advice.machines[0]
        return self.tr("Buy: {machine}").format(machine=best.offer.description.name)

    def _heads(self) -> list[str]:
        at_once = [self.tr("{count} at once").format(count=streams) for streams in STREAMS]
        return [
            *(self.tr("Machine"), self.tr("Runs"), *at_once),
            *(self.tr("Per million,\nat most"), self.tr("Pays after")),
        ]

    def _row(self, machine: BudgetMachine) -> list[str]:
        title = machine.offer.description.name.replace(" GB", "\u00a0GB")  # not torn apart
        name = f"{title}\n{range_words(machine.offer.low, machine.spent)}"
        if not machine.plans:
            return [name, self.tr("nothing"), *[NONE] * (len(STREAMS) + 2)]
        best = machine.plans[0]
        runs = f"{best.model.title}\n{best.quantization.name} · {verdict_words(best.verdict)}"
        speeds = [speed_cell(row) for row in machine.worth]
        return [name, runs, *speeds, energy_cell(machine), even_cell(machine)]
