// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {BatchKg, BatchStatus, BatchTerms, Deficit, ICarbonCredit, Issuance} from "../interfaces/ICarbonCredit.sol";
import {BatchList} from "../libraries/BatchList.sol";

/// @title BatchBooks
/// @notice In which batch every kilogram is, and where in it: the books alone. Whoever calls moves the tokens.
/// @dev For every batch issued = circulating + buffered + retired + cancelled. Every function keeps that, and changes
/// the sum of circulating and buffered by exactly what its caller mints or burns.
abstract contract BatchBooks is ICarbonCredit {
    using BatchList for BatchList.List;
    using SafeCast for uint256;

    /* TYPES */

    /// @dev What becomes of kilograms taken out of circulation.
    enum Use {
        Retire,
        Cancel
    }

    /// @dev `nextIndex` is zero until the batch is opened by its first issuance.
    struct Batch {
        uint64 vintageStart;
        uint64 nextIndex;
        uint64 suspendedUntil;
        bool suspended;
        bool reversed;
        uint128 issuedKg;
        uint128 circulatingKg;
        uint128 bufferedKg;
        uint128 retiredKg;
        uint128 cancelledKg;
        /// @dev Left the buffer for good: no later issuance has to put it in again.
        uint128 spentBufferKg;
    }

    /// @dev What a reversed batch owes, and what was made good of that which it had retired.
    struct Debt {
        uint128 circulatingKg;
        uint128 retiredKg;
        uint128 settledRetiredKg;
    }

    /* CONSTANTS */

    uint256 internal constant BPS = 10_000;
    uint256 private constant SUSPENSION = 30 days;

    /* STORAGE */

    mapping(bytes32 batchId => Batch) private _batches;
    mapping(bytes32 batchId => Debt) private _debts;
    BatchList.List private _eligible;

    /// @dev In circulation, but of suspended and reversed batches.
    uint256 internal _withheldKg;

    /* VIEWS */

    /// @inheritdoc ICarbonCredit
    function batchKg(bytes32 batchId) external view returns (BatchKg memory) {
        Batch storage batch = _batches[batchId];
        return BatchKg({
            issuedKg: batch.issuedKg,
            circulatingKg: batch.circulatingKg,
            bufferedKg: batch.bufferedKg,
            retiredKg: batch.retiredKg,
            cancelledKg: batch.cancelledKg,
            spentBufferKg: batch.spentBufferKg
        });
    }

    /// @inheritdoc ICarbonCredit
    function batchStatus(bytes32 batchId) external view returns (BatchStatus memory) {
        Batch storage batch = _batches[batchId];
        return BatchStatus({suspended: batch.suspended, suspendedUntil: batch.suspendedUntil, reversed: batch.reversed});
    }

    /// @inheritdoc ICarbonCredit
    function deficitOf(bytes32 batchId) external view returns (Deficit memory) {
        Debt storage debt = _debts[batchId];
        return Deficit({circulatingKg: debt.circulatingKg, retiredKg: debt.retiredKg});
    }

    /// @inheritdoc ICarbonCredit
    function nextIndex(bytes32 batchId) external view returns (uint256) {
        return _batches[batchId].nextIndex;
    }

    /// @inheritdoc ICarbonCredit
    function nextEligible(uint256 n) external view returns (bytes32[] memory batchIds, uint256[] memory circulatingKg) {
        uint256 length = Math.min(n, _eligible.length);
        batchIds = new bytes32[](length);
        circulatingKg = new uint256[](length);
        bytes32 batchId = _eligible.head();
        for (uint256 i = 0; i < length; ++i) {
            batchIds[i] = batchId;
            circulatingKg[i] = _batches[batchId].circulatingKg;
            batchId = _eligible.next(batchId);
        }
    }

    /* INTERNAL: ISSUE */

    /// @dev Counts the issuance in, and opens the batch with its first.
    function _countIssuance(BatchTerms calldata terms, Issuance calldata issuance) internal {
        Batch storage batch = _batches[issuance.batchId];
        uint256 expectedIndex = batch.nextIndex;
        require(issuance.index == expectedIndex, IndexMismatch(issuance.batchId, issuance.index, expectedIndex));
        require(!_isWithheld(batch), BatchIsWithheld(issuance.batchId));
        if (expectedIndex == 0) {
            batch.vintageStart = terms.vintageStart;
            emit BatchOpened(issuance.batchId, terms);
        }
        batch.nextIndex = (expectedIndex + 1).toUint64();
    }

    /// @dev Books `kg` into circulation and `bufferKg` into the buffer, which must then hold its share of all issued.
    function _bookIssued(bytes32 batchId, uint256 bufferBps, uint256 kg, uint256 bufferKg) internal {
        Batch storage batch = _batches[batchId];
        uint256 issuedKg = batch.issuedKg + kg + bufferKg;
        uint256 bufferedKg = batch.bufferedKg + bufferKg;
        uint256 putInKg = bufferedKg + batch.spentBufferKg;
        uint256 requiredKgUp = Math.ceilDiv(issuedKg * bufferBps, BPS);
        require(putInKg >= requiredKgUp, BufferTooSmall(batchId, putInKg, requiredKgUp));

        batch.issuedKg = issuedKg.toUint128();
        batch.bufferedKg = bufferedKg.toUint128();
        _addCirculating(batchId, batch, kg.toUint128());
    }

    /* INTERNAL: TAKE */

    /// @dev Takes `kg` from the batches named, in that order, or where none is named from those at the head of the
    /// eligible list, looking at `maxBatches` of them at most. Returns the batches that gave anything, and how much.
    function _take(bytes32[] memory named, uint256 kg, uint64 earliestVintage, uint256 maxBatches, Use use)
        internal
        returns (bytes32[] memory batchIds, uint256[] memory kgs)
    {
        bool isNamed = named.length > 0;
        batchIds = new bytes32[](isNamed ? named.length : Math.min(maxBatches, _eligible.length));
        kgs = new uint256[](batchIds.length);
        uint256 used = 0;
        uint256 leftKg = kg;
        bytes32 following = _eligible.head();
        for (uint256 i = 0; i < batchIds.length && leftKg > 0; ++i) {
            bytes32 batchId = isNamed ? named[i] : following;
            following = isNamed ? following : _eligible.next(batchId);
            uint256 takenKg = _takeFrom(batchId, leftKg, earliestVintage, use);
            if (takenKg == 0) continue;
            (batchIds[used], kgs[used]) = (batchId, takenKg);
            leftKg -= takenKg;
            ++used;
        }
        require(leftKg == 0, NotAttributable(kg, kg - leftKg));
        assembly ("memory-safe") {
            mstore(batchIds, used)
            mstore(kgs, used)
        }
    }

    /// @dev Moves at most `wantedKg` of a batch from circulating to retired, or to cancelled. Returns how much.
    function _takeFrom(bytes32 batchId, uint256 wantedKg, uint64 earliestVintage, Use use)
        private
        returns (uint256 kg)
    {
        Batch storage batch = _known(batchId);
        if (batch.vintageStart < earliestVintage || _isWithheld(batch)) return 0;
        uint128 circulatingKg = batch.circulatingKg;
        kg = Math.min(wantedKg, circulatingKg);
        if (kg == 0) return 0;

        batch.circulatingKg = circulatingKg - kg.toUint128();
        if (use == Use.Retire) batch.retiredKg += kg.toUint128();
        else batch.cancelledKg += kg.toUint128();
        if (kg == circulatingKg) _eligible.remove(batchId);
    }

    /* INTERNAL: SUSPEND */

    function _suspend(bytes32 batchId) internal {
        Batch storage batch = _known(batchId);
        uint256 suspendedUntil = batch.suspendedUntil;
        require(!batch.reversed, BatchIsReversed(batchId));
        require(!batch.suspended, BatchIsSuspended(batchId, suspendedUntil));
        if (suspendedUntil > 0) {
            uint256 from = suspendedUntil + SUSPENSION;
            require(block.timestamp >= from, SuspensionTooSoon(batchId, from));
        }

        _withhold(batchId, batch);
        uint256 until = block.timestamp + SUSPENSION;
        batch.suspended = true;
        batch.suspendedUntil = until.toUint64();
        emit BatchSuspended(batchId, until);
    }

    /// @dev Whether the suspension's 30 days are over.
    function _isSuspensionOver(bytes32 batchId) internal view returns (bool) {
        return block.timestamp >= _batches[batchId].suspendedUntil;
    }

    function _unsuspend(bytes32 batchId) internal {
        Batch storage batch = _batches[batchId];
        require(batch.suspended, BatchIsNotSuspended(batchId));
        batch.suspended = false;
        _release(batchId, batch);
        emit BatchUnsuspended(batchId);
    }

    /* INTERNAL: REVERSE */

    /// @dev Books a reversal: the batch's own buffer is cancelled, the rest is owed. Returns how the kg divide.
    function _bookReversed(bytes32 batchId, uint256 kg)
        internal
        returns (uint256 bufferedKg, uint256 circulatingKg, uint256 retiredKg)
    {
        Batch storage batch = _known(batchId);
        Debt storage debt = _debts[batchId];
        uint256 freeCirculatingKg = batch.circulatingKg - debt.circulatingKg;
        uint256 freeRetiredKg = batch.retiredKg - debt.retiredKg - debt.settledRetiredKg;
        uint256 reversibleKg = batch.bufferedKg + freeCirculatingKg + freeRetiredKg;
        require(kg <= reversibleKg, ReversalTooLarge(batchId, kg, reversibleKg));

        if (!_isWithheld(batch)) _withhold(batchId, batch);
        batch.suspended = false;
        batch.reversed = true;

        bufferedKg = Math.min(kg, batch.bufferedKg);
        circulatingKg = Math.min(kg - bufferedKg, freeCirculatingKg);
        retiredKg = kg - bufferedKg - circulatingKg;
        _spendBuffer(batch, bufferedKg.toUint128());
        batch.cancelledKg += bufferedKg.toUint128();
        debt.circulatingKg += circulatingKg.toUint128();
        debt.retiredKg += retiredKg.toUint128();
    }

    /// @dev Covers what a batch owes out of the buffers of the batches listed. Returns how much, which is to be burned.
    function _coverDebt(bytes32 batchId, bytes32[] calldata coverBatchIds) internal returns (uint256 kg) {
        Debt storage debt = _debts[batchId];
        for (uint256 i = 0; i < coverBatchIds.length; ++i) {
            Batch storage from = _batches[coverBatchIds[i]];
            if (_isWithheld(from)) continue;
            uint128 coveredKg = Math.min(from.bufferedKg, debt.circulatingKg + debt.retiredKg).toUint128();
            if (coveredKg == 0) continue;

            uint128 circulatingKg = Math.min(coveredKg, debt.circulatingKg).toUint128();
            uint128 retiredKg = coveredKg - circulatingKg;
            _spendBuffer(from, coveredKg);
            from.cancelledKg += retiredKg;
            _addCirculating(coverBatchIds[i], from, circulatingKg);
            _settleDebt(batchId, debt, circulatingKg, retiredKg);
            emit DeficitCovered(batchId, coverBatchIds[i], circulatingKg, retiredKg);
            kg += coveredKg;
        }
    }

    /// @dev Books that somebody burns `kg` for what a batch owes. Returns the part that was circulating, and the
    /// batches that the rest is attributed to.
    function _bookReplaced(bytes32 batchId, uint256 kg, uint256 maxBatches)
        internal
        returns (uint256 circulatingKg, bytes32[] memory batchIds, uint256[] memory kgs)
    {
        Debt storage debt = _debts[batchId];
        uint256 deficitKg = _deficitKg(batchId);
        require(kg <= deficitKg, ReplacementTooLarge(batchId, kg, deficitKg));

        circulatingKg = Math.min(kg, debt.circulatingKg);
        uint256 retiredKg = kg - circulatingKg;
        _settleDebt(batchId, debt, circulatingKg.toUint128(), retiredKg.toUint128());
        (batchIds, kgs) = _take(new bytes32[](0), retiredKg, 0, maxBatches, Use.Cancel);
    }

    function _reinstate(bytes32 batchId) internal {
        Batch storage batch = _batches[batchId];
        require(batch.reversed, BatchIsNotReversed(batchId));
        uint256 deficitKg = _deficitKg(batchId);
        require(deficitKg == 0, DeficitRemains(batchId, deficitKg));
        batch.reversed = false;
        _release(batchId, batch);
        emit BatchReinstated(batchId);
    }

    function _deficitKg(bytes32 batchId) internal view returns (uint256) {
        Debt storage debt = _debts[batchId];
        return debt.circulatingKg + debt.retiredKg;
    }

    /// @dev Strikes off what was made good: circulating kilograms that nothing backed are cancelled, retired ones stay.
    function _settleDebt(bytes32 batchId, Debt storage debt, uint128 circulatingKg, uint128 retiredKg) private {
        Batch storage batch = _batches[batchId];
        debt.circulatingKg -= circulatingKg;
        debt.retiredKg -= retiredKg;
        debt.settledRetiredKg += retiredKg;
        batch.circulatingKg -= circulatingKg;
        batch.cancelledKg += circulatingKg;
        _withheldKg -= circulatingKg;
    }

    function _spendBuffer(Batch storage batch, uint128 kg) private {
        batch.bufferedKg -= kg;
        batch.spentBufferKg += kg;
    }

    /* INTERNAL: THE ELIGIBLE LIST */

    function _addCirculating(bytes32 batchId, Batch storage batch, uint128 kg) private {
        if (kg == 0) return;
        if (batch.circulatingKg == 0) _eligible.pushTail(batchId);
        batch.circulatingKg += kg;
    }

    function _withhold(bytes32 batchId, Batch storage batch) private {
        if (batch.circulatingKg == 0) return;
        _withheldKg += batch.circulatingKg;
        _eligible.remove(batchId);
    }

    function _release(bytes32 batchId, Batch storage batch) private {
        if (batch.circulatingKg == 0) return;
        _withheldKg -= batch.circulatingKg;
        _eligible.pushTail(batchId);
    }

    function _isWithheld(Batch storage batch) private view returns (bool) {
        return batch.suspended || batch.reversed;
    }

    function _known(bytes32 batchId) private view returns (Batch storage batch) {
        batch = _batches[batchId];
        require(batch.nextIndex > 0, UnknownBatch(batchId));
    }
}
