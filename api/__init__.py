"""The HTTP edge: translates requests into commands and queries of the ledger, and their results into answers.

How a route is written. A capability has `api/<capability>/schemas.py` (a `Body` for each request, an `Answer` for each
answer; snake_case here, camelCase outside) and `routes.py` with one Controller, listed in `api/app.py`'s CONTROLLERS::

    class CreditsController(Controller):
        path = "/credits"                                     # under /carbon-credit-micro/v1
        tags = ("credits",)
        opt = bad_body(InvalidAmount)                         # the error for unfit bodies; else InvalidInput

        @get("/balance")                                      # any account's key will do; with opt=PUBLIC none,
        async def balance(self, caller: NamedDependency[Account], session: NamedDependency[AsyncSession]) -> Balance:
            ...

        @post("/decide", opt=only("verifier"))                # and this one is for verifiers (else 5003)
        async def decide(self, data: JSONBody[Decision], writer: NamedDependency[Writer]) -> Response[Decided]:
            async def command(session: AsyncSession) -> Decided: ...
            return await writer.perform(command, Decided)     # transaction, Idempotency-Key, commit, 201

        @post("/retire")
        async def retire(self, data: JSONBody[Retire], writer: NamedDependency[Writer]) -> Response[Retired]:
            async def command(session: AsyncSession) -> Queued[Retired]:
                retirement = await credits.retire(session, ...)
                return Queued(Retired(...), retirement.intent_id)
            return await writer.on_chain(command, Retired)    # then waits for the mirror: confirmed, or pending

Injected by name: `caller`, `services`, `session` (to read with), `writer`. An answer to `on_chain` is a `ChainAnswer`
(`status`, `blockchainTx`, `statusUrl`); one with other names overrides `settled`. Requests' numbers are `Number` (exact
Decimals), moments `Moment`; answers hold Decimal and datetime as they are. `needs_one_of` names alternatives of which
a body needs one. Raise CcmErrors; `api/problems.py` answers them.
"""
