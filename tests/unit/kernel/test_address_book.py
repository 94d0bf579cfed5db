"""The address book: written whole, read with care."""

from pathlib import Path

import pytest

from ledger.kernel.address_book import AddressBook, Coin, Contract, Token, UnusableAddressBook, file_of

SOMEONE = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
SOMEWHERE = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359"

BOOK = AddressBook(
    chain_id=80002,
    network="amoy",
    stands_for="polygon",
    deployer=SOMEONE,
    first_nonce=7,
    multisig=SOMEONE,
    roles={"issuer": [SOMEONE], "matcher": []},
    coin=Coin(address=SOMEWHERE, symbol="USDC", decimals=6),
    tokens={"WCCM": Token(name="Micro", credit_class="micro"), "WCCR": Token(name="Registry", credit_class="registry")},
    contracts=[
        Contract(
            name="CarbonCredit",
            token="WCCR",
            address=SOMEWHERE,
            arguments={"creditClass": 1},
            encoded_arguments="01",
            block_number=5,
            transaction_hash="0x" + "11" * 32,
        )
    ],
)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    file = file_of(tmp_path, 80002)
    BOOK.write(file)
    assert file.name == "80002.json"
    assert file.stat().st_mode & 0o044, "others may read it"
    assert AddressBook.read(file) == BOOK
    assert [each.name for each in tmp_path.iterdir()] == ["80002.json"], "nothing unfinished is left"


def test_a_contract_is_found_by_its_class() -> None:
    found = BOOK.find("CarbonCredit", BOOK.token_of("registry"))
    assert found is not None
    assert found.address == SOMEWHERE
    assert BOOK.find("CarbonCredit", BOOK.token_of("micro")) is None
    assert BOOK.find("CarbonCredit") is None


@pytest.mark.parametrize(
    ("instead_of", "written", "said"),
    [
        ('"version": 1', '"version": 2', "has version 2; this release reads version 1"),
        ('"chainId": 80002,', "", "is damaged .*missing required field `chainId`"),
        ('"firstNonce": 7', '"firstNonce": 7, "note": ""', "is damaged .*unknown field `note`"),
        ('"complete": false,', '"complete": fal', "is damaged .*malformed"),
        (SOMEWHERE, SOMEWHERE.replace("fB", "FB"), "its checksum .* is wrong"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_not_read(tmp_path: Path, instead_of: str, written: str, said: str) -> None:
    file = file_of(tmp_path, 80002)
    BOOK.write(file)
    assert instead_of in file.read_text()
    file.write_text(file.read_text().replace(instead_of, written, 1))
    with pytest.raises(UnusableAddressBook, match=said):
        AddressBook.read(file)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UnusableAddressBook, match="Deploy to that chain first"):
        AddressBook.read(file_of(tmp_path, 1))
