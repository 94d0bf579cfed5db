// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {BatchKg, BatchTerms, Deficit, Retired} from "../../src/interfaces/ICarbonCredit.sol";
import {Order} from "../../src/interfaces/ICarbonMarket.sol";
import {OwnedWallet} from "../mocks/Wallets.sol";
import {Base} from "../utils/Base.t.sol";
import {TypedData} from "../utils/TypedData.sol";
import {EventBooks} from "./EventBooks.sol";
import {Receipts} from "./Receipts.sol";

/// @notice Who acts on which batches, and the ghost ledger: what must be true of them after everything that was done,
/// kept from what was asked for and never read back from the contracts that it judges.
abstract contract World is Base {
    /// @dev A nonce that an account has used up.
    struct Used {
        address author;
        bytes32 nonce;
    }

    /// @dev An order that somebody signed, placed or not.
    struct Known {
        Order order;
        bytes signature;
        bytes32 ref;
    }

    uint256 internal constant FOR_EVER = type(uint64).max;
    uint256 internal constant MOST_KG = 5000;
    uint256 private constant KEYS = 4;
    uint256 private constant BATCHES = 6;
    uint256 private constant DOLLARS_EACH = 1_000_000;

    /// @dev The last of them is an account with code, whose key is its owner's.
    Vm.Wallet[] internal _people;
    bytes32[] internal _batchIds;
    mapping(bytes32 batchId => BatchTerms) internal _terms;
    uint256 internal _lastSalt;
    bytes4[] internal _actions;

    /* GHOSTS */

    /// @notice Over all batches, in kg.
    uint256 public issuedKg;
    uint256 public retiredKg;
    uint256 public madeGoodKg;
    /// @notice What was reversed of a batch, and how much of that somebody's buffer or credits made good.
    mapping(bytes32 batchId => uint256) public reversedKgOf;
    mapping(bytes32 batchId => uint256) public madeGoodKgOf;
    mapping(bytes32 batchId => uint256) internal _settledRetiredKgOf;
    mapping(bytes32 batchId => uint256) private _retiredKgSeen;

    /// @notice What an account holds by everything that happened to it, in kg and in millionths of a dollar.
    mapping(address account => int256) public owedKg;
    mapping(address account => int256) public owedTotal;
    /// @notice The same dollars, had every trade been as bad for the account as it signed at worst.
    mapping(address account => int256) public leastTotal;

    Used[] internal _used;
    uint256[] internal _creditIds;
    bytes32[] internal _retirementRefs;
    mapping(bytes32 ref => Retired) internal _retirements;
    mapping(bytes32 ref => bool) internal _isCertified;
    mapping(bytes32 ref => bool) internal _isCertificateBurned;
    Known[] internal _orders;
    mapping(bytes32 ref => uint256) public filledKgOf;
    mapping(bytes32 ref => bool) public isCancelled;

    /// @notice How often an action did what it is for, rather than being refused.
    mapping(bytes4 action => uint256) public times;

    /// @notice What the events alone tell; none where the handler was not told to keep them.
    EventBooks public books;

    /// @dev Every action leaves retirements where they were, and its events in the books.
    modifier acts() {
        _;
        _assertRetiredOnlyGrows();
        _readEvents();
    }

    constructor(bool keepsEvents) {
        if (keepsEvents) vm.recordLogs();
        setUp();
        if (keepsEvents) books = new EventBooks(address(credit), address(market), address(certificate));
        for (uint256 i = 0; i < KEYS; ++i) {
            _people.push(vm.createWallet(uint256(keccak256(abi.encode("person", i)))));
        }
        Vm.Wallet memory owner = vm.createWallet("owner");
        owner.addr = address(new OwnedWallet(owner.addr));
        _people.push(owner);
        for (uint256 i = 0; i < _people.length; ++i) {
            fund(_people[i].addr, DOLLARS_EACH);
            _bookCoins(_people[i].addr, int256(DOLLARS_EACH * 1e6));
        }
        for (uint64 i = 0; i < BATCHES; ++i) {
            _addBatch(i);
        }
        _readEvents();
    }

    /* INTERNAL: WHO AND WHAT */

    function _person(uint256 seed) internal view returns (Vm.Wallet memory) {
        return _people[seed % _people.length];
    }

    /// @dev Somebody with a key and no code: ERC-2612 and the standard's own ERC-3009 know no others.
    function _personWithKey(uint256 seed) internal view returns (Vm.Wallet memory) {
        return _people[seed % KEYS];
    }

    /// @dev The verifier is nobody of the people, and has nonces too.
    function _walletOf(address account) internal view returns (Vm.Wallet memory) {
        for (uint256 i = 0; i < _people.length; ++i) {
            if (_people[i].addr == account) return _people[i];
        }
        return verifier;
    }

    function _batch(uint256 seed) internal view returns (bytes32) {
        return _batchIds[seed % _batchIds.length];
    }

    /// @dev The first batch from the seed's on of which something holds, or the seed's where it holds of none.
    function _batchThat(uint256 seed, function(bytes32) internal view returns (bool) holds)
        internal
        view
        returns (bytes32)
    {
        for (uint256 i = 0; i < _batchIds.length; ++i) {
            bytes32 batchId = _batch(seed % _batchIds.length + i);
            if (holds(batchId)) return batchId;
        }
        return _batch(seed);
    }

    function _owes(bytes32 batchId) internal view returns (bool) {
        return _deficitKg(batchId) > 0;
    }

    function _isReversed(bytes32 batchId) internal view returns (bool) {
        return credit.batchStatus(batchId).reversed;
    }

    function _isSuspended(bytes32 batchId) internal view returns (bool) {
        return credit.batchStatus(batchId).suspended;
    }

    function _isWithheld(bytes32 batchId) internal view returns (bool) {
        return _isSuspended(batchId) || _isReversed(batchId);
    }

    function _deficitKg(bytes32 batchId) internal view returns (uint256) {
        Deficit memory deficit = credit.deficitOf(batchId);
        return deficit.circulatingKg + deficit.retiredKg;
    }

    function _nextSalt() internal returns (bytes32) {
        return bytes32(++_lastSalt);
    }

    /// @dev A number between two; every eighth is the largest, because that is where things break.
    function _between(uint256 seed, uint256 least, uint256 most) internal pure returns (uint256) {
        return seed % 8 == 0 ? most : least + seed / 8 % (most - least + 1);
    }

    function _min(uint256 a, uint256 b) internal pure returns (uint256) {
        return a < b ? a : b;
    }

    /* INTERNAL: THE GHOST LEDGER */

    function _did() internal {
        ++times[msg.sig];
    }

    function _bookKg(address from, address to, uint256 kg) internal {
        owedKg[from] -= int256(kg);
        owedKg[to] += int256(kg);
    }

    /// @dev Coins that moved other than by a trade.
    function _bookCoins(address account, int256 total) internal {
        owedTotal[account] += total;
        leastTotal[account] += total;
    }

    function _bookNonce(address author, bytes32 nonce) internal {
        _used.push(Used({author: author, nonce: nonce}));
    }

    function _bookRetirement(address author, address holder, uint256 kg, bytes32 nonce) internal {
        bytes32 ref = keccak256(abi.encode(author, nonce));
        _retirementRefs.push(ref);
        _retirements[ref] = Retired({holder: holder, kg: uint96(kg)});
        _bookNonce(author, nonce);
        retiredKg += kg;
        owedKg[holder] -= int256(kg);
    }

    function _bookMadeGood(bytes32 batchId, uint256 kg) internal {
        madeGoodKg += kg;
        madeGoodKgOf[batchId] += kg;
    }

    /* INTERNAL: CALLS */

    /// @dev Calls for somebody, whatever comes of it.
    function _try(address caller, address target, bytes memory data)
        internal
        returns (bool success, bytes memory result)
    {
        _readEvents();
        vm.prank(caller);
        (success, result) = target.call(data);
        if (!success && _keepsEvents()) vm.getRecordedLogs(); // they never were
    }

    /// @dev Calls for somebody who is entitled to it.
    function _succeed(address caller, address target, bytes memory data) internal returns (bytes memory result) {
        bool success;
        (success, result) = _try(caller, target, data);
        if (success) return result;
        assembly ("memory-safe") {
            revert(add(result, 0x20), mload(result))
        }
    }

    /// @dev A forbidden transition: the call must fail, and with this error.
    function _assertRefused(address caller, address target, bytes memory data, bytes memory expected) internal {
        (bool success, bytes memory result) = _try(caller, target, data);
        assertFalse(success, "done what is forbidden");
        assertEq(result, expected, "refused for another reason");
    }

    /// @dev The same where the error's arguments are nobody's to know.
    function _assertRefused(address caller, address target, bytes memory data, bytes4 expected) internal {
        (bool success, bytes memory result) = _try(caller, target, data);
        assertFalse(success, "done what is forbidden");
        assertEq(bytes4(result), expected, "refused for another reason");
    }

    /* PRIVATE */

    /// @dev Vintages one year apart, so that a retirement can be too choosy; the buffer none, a tenth or a quarter.
    function _addBatch(uint64 number) private {
        BatchTerms memory terms = termsOfYear(number / 2);
        terms.closesAt = uint64(FOR_EVER);
        terms.level = uint8(2 + number % 3);
        terms.bufferBps = [uint16(0), 1000, 2500][number % 3];
        bytes32 batchId = keccak256(abi.encode(terms));
        _batchIds.push(batchId);
        _terms[batchId] = terms;
    }

    /// @dev Invariant 3, and the forbidden transition that a retired kilogram moves.
    function _assertRetiredOnlyGrows() private {
        for (uint256 i = 0; i < _batchIds.length; ++i) {
            uint256 kg = credit.batchKg(_batchIds[i]).retiredKg;
            assertGe(kg, _retiredKgSeen[_batchIds[i]], "3: a retired kilogram moved");
            _retiredKgSeen[_batchIds[i]] = kg;
        }
    }

    function _readEvents() internal {
        if (_keepsEvents()) books.read(Receipts.kept(vm.getRecordedLogs(), address(credit)));
    }

    function _keepsEvents() private view returns (bool) {
        return address(books) != address(0);
    }
}
