// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {BatchKg, BatchStatus, Deficit, ICarbonCredit, Reversal} from "../../src/interfaces/ICarbonCredit.sol";
import {IPausing} from "../../src/interfaces/IPausing.sol";
import {TypedData} from "../utils/TypedData.sol";
import {World} from "./World.sol";

/// @notice What the roles do to batches and contracts, what anyone may do about a reversal, and what they must not.
abstract contract AdminHandler is World {
    uint256 private constant SUSPENSION = 30 days;

    constructor() {
        bytes4[15] memory actions_ = [
            AdminHandler.pass.selector,
            AdminHandler.suspendBatch.selector,
            AdminHandler.unsuspend.selector,
            AdminHandler.reverseBatch.selector,
            AdminHandler.overreverse.selector,
            AdminHandler.cover.selector,
            AdminHandler.replace.selector,
            AdminHandler.reinstateBatch.selector,
            AdminHandler.pause.selector,
            AdminHandler.renewPause.selector,
            AdminHandler.unpause.selector,
            AdminHandler.setDailyIssueCap.selector,
            AdminHandler.setFee.selector,
            AdminHandler.withdrawFees.selector,
            AdminHandler.usurp.selector
        ];
        for (uint256 i = 0; i < actions_.length; ++i) {
            _actions.push(actions_[i]);
        }
    }

    /* TIME */

    function pass(uint256 seconds_) external acts {
        vm.warp(block.timestamp + _between(seconds_, 1 hours, 12 days));
        _did();
    }

    /* SUSPEND */

    function suspendBatch(uint256 batchSeed) external acts {
        bytes32 batchId = _batch(batchSeed);
        BatchStatus memory status = credit.batchStatus(batchId);
        bytes memory data = abi.encodeCall(credit.suspend, (batchId));
        uint256 from = status.suspendedUntil + SUSPENSION;
        bytes memory refusal;
        if (status.reversed) {
            refusal = abi.encodeWithSelector(ICarbonCredit.BatchIsReversed.selector, batchId);
        } else if (status.suspended) {
            refusal = abi.encodeWithSelector(ICarbonCredit.BatchIsSuspended.selector, batchId, status.suspendedUntil);
        } else if (status.suspendedUntil > 0 && block.timestamp < from) {
            refusal = abi.encodeWithSelector(ICarbonCredit.SuspensionTooSoon.selector, batchId, from);
        }
        if (refusal.length > 0) return _assertRefused(guardian, address(credit), data, refusal);
        _succeed(guardian, address(credit), data);
        assertTrue(_isSuspended(batchId));
        _did();
    }

    /// @dev The admin at any time; forbidden: anyone else before the 30 days are over.
    function unsuspend(uint256 batchSeed, uint256 callerSeed) external acts {
        bytes32 batchId = _batchThat(batchSeed, _isSuspended);
        BatchStatus memory status = credit.batchStatus(batchId);
        bytes memory data = abi.encodeCall(credit.unsuspend, (batchId));
        bool isAdmin = callerSeed % 4 == 0;
        address caller = isAdmin ? admin : stranger;
        bytes memory refusal;
        if (!status.suspended) refusal = abi.encodeWithSelector(ICarbonCredit.BatchIsNotSuspended.selector, batchId);
        if (!isAdmin && block.timestamp < status.suspendedUntil) refusal = _unauthorized(caller);
        if (refusal.length > 0) return _assertRefused(caller, address(credit), data, refusal);
        _succeed(caller, address(credit), data);
        _did();
    }

    /* REVERSE */

    /// @dev Seldom a batch that is whole, so that not all are reversed in the end.
    function reverseBatch(uint256 batchSeed, uint256 kgSeed, uint256 coverSeed) external acts {
        bytes32 batchId = batchSeed % 4 == 0 ? _batch(batchSeed / 4) : _batchThat(batchSeed / 4, _isReversed);
        uint256 mostKg = _reversibleKg(batchId);
        if (mostKg == 0) return;
        Reversal memory it = defaultReversal(batchId, _between(kgSeed, 1, mostKg));
        BatchKg memory before = credit.batchKg(batchId);
        Deficit memory owedBefore = credit.deficitOf(batchId);
        _succeed(admin, address(credit), _reverseData(it, _coverBatches(coverSeed)));

        Deficit memory owed = credit.deficitOf(batchId);
        uint256 ownKg = _min(it.kg, before.bufferedKg);
        uint256 circulatingKg = _min(it.kg - ownKg, before.circulatingKg - owedBefore.circulatingKg);
        uint256 retiredKg_ = it.kg - ownKg - circulatingKg;
        _settledRetiredKgOf[batchId] += owedBefore.retiredKg + retiredKg_ - owed.retiredKg;
        reversedKgOf[batchId] += it.kg;
        uint256 coveredKg = owedBefore.circulatingKg + owedBefore.retiredKg + circulatingKg + retiredKg_
            - owed.circulatingKg - owed.retiredKg;
        _bookMadeGood(batchId, ownKg + coveredKg);
        _bookNonce(it.verifier, it.nonce);
        _did();
    }

    /// @dev Forbidden: a kilogram more than is left of the batch; the same signature twice is `replay`'s.
    function overreverse(uint256 batchSeed, uint256 coverSeed) external acts {
        bytes32 batchId = _batch(batchSeed);
        uint256 mostKg = _reversibleKg(batchId);
        bytes memory data = _reverseData(defaultReversal(batchId, mostKg + 1), _coverBatches(coverSeed));
        bytes memory refusal =
            abi.encodeWithSelector(ICarbonCredit.ReversalTooLarge.selector, batchId, mostKg + 1, mostKg);
        _assertRefused(admin, address(credit), data, refusal);
        _did();
    }

    /// @dev Forbidden: where nothing is owed.
    function cover(uint256 batchSeed, uint256 coverSeed) external acts {
        bytes32 batchId = _batchThat(batchSeed, _owes);
        bytes memory data = abi.encodeCall(credit.cover, (batchId, _coverBatches(coverSeed)));
        if (!_owes(batchId)) {
            bytes memory refusal = abi.encodeWithSelector(ICarbonCredit.NoDeficit.selector, batchId);
            return _assertRefused(stranger, address(credit), data, refusal);
        }
        Deficit memory owed = credit.deficitOf(batchId);
        uint256 kg = abi.decode(_succeed(stranger, address(credit), data), (uint256));
        _settledRetiredKgOf[batchId] += owed.retiredKg - credit.deficitOf(batchId).retiredKg;
        _bookMadeGood(batchId, kg);
        if (kg > 0) _did();
    }

    /// @dev Forbidden: more than is owed; more than one has.
    function replace(uint256 personSeed, uint256 batchSeed, uint256 kgSeed) external acts {
        bytes32 batchId = _batchThat(batchSeed, _owes);
        address person = _person(personSeed).addr;
        uint256 deficitKg = _deficitKg(batchId);
        bytes memory tooMuch =
            abi.encodeWithSelector(ICarbonCredit.ReplacementTooLarge.selector, batchId, deficitKg + 1, deficitKg);
        _assertRefused(person, address(credit), _replaceData(batchId, deficitKg + 1), tooMuch);

        Deficit memory owed = credit.deficitOf(batchId);
        uint256 balanceKg = credit.balanceOf(person);
        uint256 takeableKg = _min(deficitKg, owed.circulatingKg + credit.attributable());
        if (balanceKg < takeableKg) {
            bytes memory poor = abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientBalance.selector, person, balanceKg, balanceKg + 1
            );
            _assertRefused(person, address(credit), _replaceData(batchId, balanceKg + 1), poor);
        }
        uint256 mostKg = _min(takeableKg, balanceKg);
        if (mostKg == 0) return;
        uint256 kg = _between(kgSeed, 1, mostKg);
        _succeed(person, address(credit), _replaceData(batchId, kg));
        _settledRetiredKgOf[batchId] += owed.retiredKg - credit.deficitOf(batchId).retiredKg;
        _bookMadeGood(batchId, kg);
        owedKg[person] -= int256(kg);
        _did();
    }

    /// @dev Forbidden: a batch that owes; one that was not reversed.
    function reinstateBatch(uint256 batchSeed) external acts {
        bytes32 batchId = _batchThat(batchSeed, _isReversed);
        bytes memory data = abi.encodeCall(credit.reinstate, (batchId));
        uint256 deficitKg = _deficitKg(batchId);
        bytes memory refusal;
        if (!_isReversed(batchId)) {
            refusal = abi.encodeWithSelector(ICarbonCredit.BatchIsNotReversed.selector, batchId);
        }
        if (deficitKg > 0) {
            refusal = abi.encodeWithSelector(ICarbonCredit.DeficitRemains.selector, batchId, deficitKg);
        }
        if (refusal.length > 0) return _assertRefused(admin, address(credit), data, refusal);
        _succeed(admin, address(credit), data);
        _did();
    }

    /* PAUSE */

    /// @dev Seldom, so that there is something to pause. Forbidden: again within 30 days.
    function pause(uint256 targetSeed) external acts {
        if (targetSeed % 8 > 1) return;
        address target = _pausable(targetSeed);
        bytes memory data = abi.encodeCall(IPausing.pause, ());
        uint256 from = IPausing(target).pausableFrom();
        if (block.timestamp < from) {
            bytes memory refusal = abi.encodeWithSelector(IPausing.PauseTooSoon.selector, from);
            return _assertRefused(guardian, target, data, refusal);
        }
        _succeed(guardian, target, data);
        _did();
    }

    function renewPause(uint256 targetSeed) external acts {
        if (targetSeed % 16 > 1) return;
        _succeed(admin, _pausable(targetSeed), abi.encodeCall(IPausing.renewPause, ()));
        _did();
    }

    function unpause(uint256 targetSeed) external acts {
        _succeed(admin, _pausable(targetSeed), abi.encodeCall(IPausing.unpause, ()));
        _did();
    }

    /* CAPS AND FEES */

    function setDailyIssueCap(uint256 kg) external acts {
        vm.prank(admin);
        credit.setDailyIssueCap(_between(kg, DAILY_CAP_KG / 20, DAILY_CAP_KG));
        _did();
    }

    function setFee(uint256 feeBps) external acts {
        vm.prank(admin);
        market.setFee(uint16(_between(feeBps, 0, FEE_CAP_BPS)));
        _did();
    }

    function withdrawFees(uint256 personSeed) external acts {
        address to = _person(personSeed).addr;
        uint256 total = market.accruedFees();
        vm.prank(admin);
        market.withdrawFees(to);
        _bookCoins(to, int256(total));
        if (total > 0) _did();
    }

    /// @dev Forbidden: what needs a role, to anyone who has none, however much they hold.
    function usurp(uint256 personSeed, uint256 what, uint256 batchSeed) external acts {
        bytes32 batchId = _batch(batchSeed);
        address person = _person(personSeed).addr;
        address target = what % 9 < 6 ? address(credit) : address(market);
        bytes memory data;
        if (what % 9 == 0) data = abi.encodeCall(credit.suspend, (batchId));
        else if (what % 9 == 1) data = _reverseData(defaultReversal(batchId, 1), _coverBatches(batchSeed));
        else if (what % 9 == 2) data = abi.encodeCall(credit.reinstate, (batchId));
        else if (what % 9 == 3) data = abi.encodeCall(credit.setDailyIssueCap, (FOR_EVER));
        else if (what % 9 == 4) data = abi.encodeCall(IPausing.renewPause, ());
        else if (what % 9 == 5) data = abi.encodeCall(IPausing.pause, ());
        else if (what % 9 == 6) data = abi.encodeCall(IPausing.unpause, ());
        else if (what % 9 == 7) data = abi.encodeCall(market.setFee, (0));
        else data = abi.encodeCall(market.withdrawFees, (person));
        _assertRefused(person, target, data, _unauthorized(person));
        _did();
    }

    /* PRIVATE */

    function _pausable(uint256 targetSeed) private view returns (address) {
        return targetSeed % 2 == 0 ? address(credit) : address(market);
    }

    function _unauthorized(address account) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, account);
    }

    function _reverseData(Reversal memory it, bytes32[] memory coverBatchIds) private view returns (bytes memory) {
        return abi.encodeCall(credit.reverse, (it, coverBatchIds, signCredit(verifier, TypedData.reversal(it))));
    }

    function _replaceData(bytes32 batchId, uint256 kg) private view returns (bytes memory) {
        return abi.encodeCall(credit.replace, (batchId, kg, type(uint256).max));
    }

    /// @dev None, or one or more batches in a row, the reversed one perhaps among them.
    function _coverBatches(uint256 coverSeed) private view returns (bytes32[] memory batchIds) {
        batchIds = new bytes32[](coverSeed % (_batchIds.length + 1));
        for (uint256 i = 0; i < batchIds.length; ++i) {
            batchIds[i] = _batch(coverSeed / 8 % _batchIds.length + i);
        }
    }

    /// @dev What of a batch was neither reversed before nor is cancelled.
    function _reversibleKg(bytes32 batchId) private view returns (uint256) {
        BatchKg memory it = credit.batchKg(batchId);
        return it.issuedKg - it.cancelledKg - _deficitKg(batchId) - _settledRetiredKgOf[batchId];
    }
}
