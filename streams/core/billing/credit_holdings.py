"""Lots of credit that are left, and who took of them or lacks some, as members of the account's accumulator.

Members are found by key: a lot by its name, a taker by its place among all moves. Beside them stand keys without a
value, in the order in which they are asked for: lots that have credit left, oldest first; takers that lack some, by the
lots that may cover them; takers of a lot.
"""

from collections.abc import Iterator

import msgspec

from streams.core.members import Members

Lot = tuple[str, str]
"""(invoice, payment) that left credit; one of the two is empty."""
_LOT, _FREE, _TAKER, _TOOK, _LACKS, _LACKS_ANY = b"l", b"f", b"t", b"h", b"n", b"u"
_pack = msgspec.msgpack.Encoder().encode


class Share(msgspec.Struct, array_like=True, gc=False):
    """An amount of one lot."""

    lot: Lot
    amount: int


class Taker(msgspec.Struct, array_like=True, gc=False):
    """A taker of credit, by its move: what it took of which lots, and what it lacks.

    `is_use` tells a use of credit from a claim; `is_return` says that a bank took back what no invoice had.
    """

    member: str
    is_use: bool
    is_return: bool
    invoice_id: str
    payment_id: str
    invoices: tuple[str, ...]
    lacking: int = 0
    taken: list[Share] = []

    def share(self, lot: Lot) -> Share:
        """Return what it took of a lot."""
        for each in self.taken:
            if each.lot == lot:
                return each
        found = Share(lot, 0)
        self.taken.append(found)
        return found

    def named(self) -> list[Lot]:
        """Return the lots that are named, in the order in which they are taken: all that a claim may take of."""
        payment = [("", self.payment_id)] if self.payment_id else []
        if self.is_return:
            return payment
        if self.invoice_id:
            return [(self.invoice_id, ""), *payment]
        return payment + ([] if self.is_use else [(invoice, "") for invoice in sorted(self.invoices)])


class _Kept(msgspec.Struct, array_like=True, gc=False):
    """A lot: what is left of it in micros, and the place of the move with which it came."""

    left: int
    place: bytes


_taker_from = msgspec.msgpack.Decoder(Taker).decode
_kept_from = msgspec.msgpack.Decoder(_Kept).decode


class Holdings:
    """Lots and takers of one group while one move happens; `keep` puts what has changed back among the members."""

    def __init__(self, members: Members, group: str, place: bytes) -> None:
        self._members, self._group, self._place = members, group.encode() + b"\0", place
        self._lots: dict[Lot, _Kept] = {}
        self._takers: dict[bytes, Taker] = {}
        self._were: dict[bytes, frozenset[bytes]] = {}
        self._free: set[Lot] = set()

    def left(self, lot: Lot) -> int:
        """Return what is left of a lot: 0 where there is none."""
        return self._lot(lot).left

    def set_left(self, lot: Lot, amount: int) -> None:
        self._lot(lot).left = amount

    def begin(self, taker: Taker) -> None:
        """Let a taker come with the move."""
        self._takers[self._place], self._were[self._place] = taker, frozenset()

    def end(self, place: bytes) -> Taker | None:
        """Let a taker go; None where there is none."""
        if self._members.get(self._key(_TAKER, place)) is None:
            return None
        taker = self._taker(place)
        del self._takers[place]
        return taker

    def lacking(self, lot: Lot) -> Iterator[Taker]:
        """Yield who lacks credit and may take of a lot, the earliest first."""
        claims, uses = self._key(_LACKS, _name(lot) + b"\0"), self._key(_LACKS_ANY)
        claim, use = self._members.after(claims), self._members.after(uses)
        while claim or use:
            places = [key[len(start) :] for key, start in ((claim, claims), (use, uses)) if key]
            place = min(places)
            if claim and place == claim[len(claims) :]:
                claim = self._members.after(claims, claim)
            else:
                assert use is not None
                use = self._members.after(uses, use)
            if place not in self._were or place in self._takers:
                taker = self._taker(place)
                if taker.lacking:
                    yield taker

    def holders(self, lot: Lot) -> Iterator[Taker]:
        """Yield who took of a lot, the latest first."""
        start = self._key(_TOOK, _name(lot) + b"\0")
        key = self._members.before(start)
        while key is not None:
            yield self._taker(key[len(start) :])
            key = self._members.before(start, key)

    def sources(self, taker: Taker) -> Iterator[Lot]:
        """Yield lots that have credit left for a taker: those that are named, then, for a use, the oldest."""
        named = [lot for lot in taker.named() if self._peek(lot) > 0] if taker.is_use else taker.named()
        if taker.is_use:
            named.sort(key=lambda lot: self._lot(lot).place)
        for lot in named:
            if self._peek(lot) > 0:
                yield lot
        if not taker.is_use:
            return
        start = self._key(_FREE)
        key = self._members.after(start)
        while key is not None:
            invoice, _, payment = self._members.get(key).decode().partition("\0")
            lot = invoice, payment
            if lot not in named and self.left(lot) > 0:
                yield lot
            key = self._members.after(start, key)

    def keep(self) -> None:
        """Put back what has changed; a lot of which nothing is left and that nobody took of is forgotten."""
        for place, before in self._were.items():
            taker = self._takers.get(place)
            if taker is not None:
                taker.taken = [each for each in taker.taken if each.amount]
                if not (taker.taken or taker.lacking):
                    taker = None
            self._members.put(self._key(_TAKER, place), None if taker is None else _pack(taker))
            after = frozenset(() if taker is None else self._entries(place, taker))
            for key in before - after:
                self._members.put(key, None)
            for key in after - before:
                self._members.put(key, 1)
        for lot, kept in self._lots.items():
            name = _name(lot)
            is_there = kept.left or self._members.after(self._key(_TOOK, name + b"\0")) is not None
            self._members.put(self._key(_LOT, name), _pack(kept) if is_there else None)
            if (kept.left > 0) != (lot in self._free):
                self._members.put(self._key(_FREE, kept.place), name if kept.left > 0 else None)

    def _entries(self, place: bytes, taker: Taker) -> Iterator[bytes]:
        """Yield the keys by which a taker is found."""
        for each in taker.taken:
            yield self._key(_TOOK, _name(each.lot) + b"\0" + place)
        if taker.lacking and taker.is_use:
            yield self._key(_LACKS_ANY, place)
        elif taker.lacking:
            for lot in taker.named():
                yield self._key(_LACKS, _name(lot) + b"\0" + place)

    def _key(self, kind: bytes, name: bytes = b"") -> bytes:
        return kind + self._group + name

    def _peek(self, lot: Lot) -> int:
        """Return what is left of a lot without making one."""
        if lot in self._lots:
            return self._lots[lot].left
        stored = self._members.get(self._key(_LOT, _name(lot)))
        return 0 if stored is None else _kept_from(stored).left

    def _lot(self, lot: Lot) -> _Kept:
        kept = self._lots.get(lot)
        if kept is None:
            stored = self._members.get(self._key(_LOT, _name(lot)))
            kept = self._lots[lot] = _Kept(0, self._place) if stored is None else _kept_from(stored)
            if kept.left > 0:
                self._free.add(lot)
        return kept

    def _taker(self, place: bytes) -> Taker:
        taker = self._takers.get(place)
        if taker is None:
            taker = self._takers[place] = _taker_from(self._members.get(self._key(_TAKER, place)))
            self._were[place] = frozenset(self._entries(place, taker))
        return taker


def _name(lot: Lot) -> bytes:
    return f"{lot[0]}\0{lot[1]}".encode()
