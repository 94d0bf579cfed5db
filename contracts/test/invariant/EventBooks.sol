// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC3009, IERC3009Cancel} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Vm} from "forge-std/Vm.sol";

import {
    BatchKg,
    BatchStatus,
    BatchTerms,
    Deficit,
    ICarbonCredit,
    Retired
} from "../../src/interfaces/ICarbonCredit.sol";
import {ICarbonMarket, Order, OrderState} from "../../src/interfaces/ICarbonMarket.sol";
import {IPausing} from "../../src/interfaces/IPausing.sol";

/// @notice All state, rebuilt from events alone: nothing in here calls the contracts that emitted them. What it needs
/// besides is what a log comes with: who emitted it, and the time of its block.
contract EventBooks {
    bytes32 private constant ORDER_TYPEHASH = keccak256(
        "Order(address maker,uint8 side,uint128 kg,uint128 pricePerKg,uint128 minFillKg,address filler,uint64 expiry,uint256 counter,bytes32 salt,uint16 maxFeeBps)"
    );

    struct IssuedOnDay {
        uint256 day;
        uint256 kg;
    }

    address private immutable CREDIT;
    address private immutable MARKET;
    address private immutable CERTIFICATE;

    /* THE BOOKS */

    mapping(address token => mapping(address account => uint256)) public balanceOf;
    mapping(address token => uint256) public totalSupply;
    mapping(address owner => mapping(address spender => uint256)) public allowance;
    mapping(address owner => uint256) public permitNonces;
    mapping(address authorizer => mapping(bytes32 nonce => bool)) public isNonceUsed;

    mapping(bytes32 batchId => BatchTerms) private _terms;
    mapping(bytes32 batchId => uint256) public nextIndex;
    mapping(bytes32 batchId => BatchKg) private _kg;
    mapping(bytes32 batchId => BatchStatus) private _status;
    mapping(bytes32 batchId => Deficit) private _deficits;
    mapping(bytes32 batchId => uint256) private _settledRetiredKg;
    bytes32[] private _eligible;

    mapping(string creditId => bool) public isCreditIdUsed;
    uint256 public dailyIssueCapKg;
    mapping(address issuer => IssuedOnDay) private _issuedOnDay;
    mapping(bytes32 ref => Retired) private _retirements;

    mapping(address target => uint256) public pausedUntil;
    mapping(address target => uint256) public pausableFrom;

    mapping(bytes32 ref => OrderState) private _orders;
    mapping(address maker => uint256) public counterOf;
    uint16 public feeBps;
    uint256 public accruedFees;

    mapping(uint256 tokenId => address) public certificateHolder;
    mapping(uint256 tokenId => bool) public wasCertified;

    constructor(address credit, address market, address certificate) {
        (CREDIT, MARKET, CERTIFICATE) = (credit, market, certificate);
    }

    /* VIEWS */

    function batchKg(bytes32 batchId) external view returns (BatchKg memory) {
        return _kg[batchId];
    }

    function batchStatus(bytes32 batchId) external view returns (BatchStatus memory) {
        return _status[batchId];
    }

    function deficitOf(bytes32 batchId) external view returns (Deficit memory) {
        return _deficits[batchId];
    }

    function termsOf(bytes32 batchId) external view returns (BatchTerms memory) {
        return _terms[batchId];
    }

    /// @notice What could be reversed of a batch.
    function reversibleKg(bytes32 batchId) external view returns (uint256) {
        (BatchKg memory it, Deficit memory owed) = (_kg[batchId], _deficits[batchId]);
        return it.bufferedKg + it.circulatingKg - owed.circulatingKg + it.retiredKg - owed.retiredKg
            - _settledRetiredKg[batchId];
    }

    function eligible() external view returns (bytes32[] memory) {
        return _eligible;
    }

    function issuedTodayKg(address issuer) external view returns (uint256) {
        IssuedOnDay memory issued = _issuedOnDay[issuer];
        return issued.day == block.timestamp / 1 days ? issued.kg : 0;
    }

    function retirementOf(bytes32 ref) external view returns (Retired memory) {
        return _retirements[ref];
    }

    function orderState(bytes32 ref) external view returns (OrderState memory) {
        return _orders[ref];
    }

    /* READ */

    /// @notice Takes in the logs of the block of now, in their order.
    function read(Vm.Log[] calldata logs) external {
        for (uint256 i = 0; i < logs.length; ++i) {
            _read(logs[i]);
        }
    }

    function _read(Vm.Log calldata log) private {
        (address emitter, bytes32 topic) = (log.emitter, log.topics[0]);
        if (emitter == CERTIFICATE) return _readCertificate(log);
        if (topic == IERC20.Transfer.selector) return _transfer(log);
        if (topic == IPausing.Paused.selector) {
            (pausedUntil[emitter], pausableFrom[emitter]) = abi.decode(log.data, (uint256, uint256));
        } else if (topic == IPausing.Unpaused.selector) {
            (pausedUntil[emitter], pausableFrom[emitter]) = (0, 0);
        } else if (emitter == CREDIT) {
            _readCredit(log, topic);
        } else if (emitter == MARKET) {
            _readMarket(log, topic);
        }
    }

    /* PRIVATE: TOKENS */

    function _transfer(Vm.Log calldata log) private {
        (address from, address to) = (_address(log.topics[1]), _address(log.topics[2]));
        uint256 value = abi.decode(log.data, (uint256));
        if (from == address(0)) totalSupply[log.emitter] += value;
        else balanceOf[log.emitter][from] -= value;
        if (to == address(0)) totalSupply[log.emitter] -= value;
        else balanceOf[log.emitter][to] += value;
    }

    function _readCertificate(Vm.Log calldata log) private {
        if (log.topics[0] != IERC20.Transfer.selector) return; // ERC-721's has the same signature, and a third topic
        certificateHolder[uint256(log.topics[3])] = _address(log.topics[2]);
        wasCertified[uint256(log.topics[3])] = true;
    }

    /* PRIVATE: CREDIT */

    function _readCredit(Vm.Log calldata log, bytes32 topic) private {
        if (topic == IERC20.Approval.selector) {
            allowance[_address(log.topics[1])][_address(log.topics[2])] = abi.decode(log.data, (uint256));
        } else if (topic == ICarbonCredit.PermitUsed.selector) {
            permitNonces[_address(log.topics[1])] = abi.decode(log.data, (uint256)) + 1;
        } else if (
            topic == IERC3009.AuthorizationUsed.selector || topic == IERC3009Cancel.AuthorizationCanceled.selector
        ) {
            isNonceUsed[_address(log.topics[1])][log.topics[2]] = true;
        } else if (topic == ICarbonCredit.DailyIssueCapChanged.selector) {
            dailyIssueCapKg = abi.decode(log.data, (uint256));
        } else if (topic == ICarbonCredit.CreditMinted.selector) {
            (, string memory creditId) = abi.decode(log.data, (uint256, string));
            isCreditIdUsed[creditId] = true;
        } else if (topic == ICarbonCredit.CreditsRetired.selector) {
            _retired(log);
        } else if (topic == ICarbonCredit.DeficitReplaced.selector) {
            _replaced(log);
        } else if (log.topics.length > 1) {
            _readBatch(log.topics[1], log, topic);
        }
    }

    function _readBatch(bytes32 batchId, Vm.Log calldata log, bytes32 topic) private {
        if (topic == ICarbonCredit.BatchOpened.selector) {
            _terms[batchId] = abi.decode(log.data, (BatchTerms));
        } else if (topic == ICarbonCredit.CreditsIssued.selector) {
            _issued(batchId, log);
        } else if (topic == ICarbonCredit.BatchSuspended.selector) {
            _remove(batchId);
            _status[batchId].suspended = true;
            _status[batchId].suspendedUntil = abi.decode(log.data, (uint256));
        } else if (topic == ICarbonCredit.BatchUnsuspended.selector) {
            _status[batchId].suspended = false;
            if (_kg[batchId].circulatingKg > 0) _eligible.push(batchId);
        } else if (topic == ICarbonCredit.BatchReversed.selector) {
            _reversed(batchId, log);
        } else if (topic == ICarbonCredit.DeficitCovered.selector) {
            _covered(batchId, log.topics[2], log);
        } else if (topic == ICarbonCredit.BatchReinstated.selector) {
            _status[batchId].reversed = false;
            if (_kg[batchId].circulatingKg > 0) _eligible.push(batchId);
        }
    }

    function _issued(bytes32 batchId, Vm.Log calldata log) private {
        (, uint256 kg, uint256 bufferKg) = abi.decode(log.data, (bytes32, uint256, uint256));
        nextIndex[batchId] = uint256(log.topics[2]) + 1;
        _kg[batchId].issuedKg += kg + bufferKg;
        _kg[batchId].bufferedKg += bufferKg;
        _addCirculating(batchId, kg);
        IssuedOnDay storage issued = _issuedOnDay[_address(log.topics[3])];
        uint256 today = block.timestamp / 1 days;
        if (issued.day < today) (issued.day, issued.kg) = (today, 0);
        issued.kg += kg + bufferKg;
    }

    function _retired(Vm.Log calldata log) private {
        (uint256 kg, bytes32[] memory batchIds, uint256[] memory kgs,,,) =
            abi.decode(log.data, (uint256, bytes32[], uint256[], uint16, uint32, bytes32));
        _retirements[log.topics[1]] = Retired({holder: _address(log.topics[2]), kg: uint96(kg)});
        for (uint256 i = 0; i < batchIds.length; ++i) {
            _kg[batchIds[i]].retiredKg += kgs[i];
            _takeCirculating(batchIds[i], kgs[i]);
        }
    }

    function _reversed(bytes32 batchId, Vm.Log calldata log) private {
        (, uint256 bufferedKg, uint256 circulatingKg, uint256 retiredKg) =
            abi.decode(log.data, (bytes32, uint256, uint256, uint256));
        _remove(batchId);
        _status[batchId].suspended = false;
        _status[batchId].reversed = true;
        BatchKg storage it = _kg[batchId];
        it.bufferedKg -= bufferedKg;
        it.spentBufferKg += bufferedKg;
        it.cancelledKg += bufferedKg;
        _deficits[batchId].circulatingKg += circulatingKg;
        _deficits[batchId].retiredKg += retiredKg;
    }

    function _covered(bytes32 batchId, bytes32 coverBatchId, Vm.Log calldata log) private {
        (uint256 circulatingKg, uint256 retiredKg) = abi.decode(log.data, (uint256, uint256));
        _settle(batchId, circulatingKg, retiredKg);
        BatchKg storage it = _kg[coverBatchId];
        it.bufferedKg -= circulatingKg + retiredKg;
        it.spentBufferKg += circulatingKg + retiredKg;
        it.cancelledKg += retiredKg;
        _addCirculating(coverBatchId, circulatingKg);
    }

    function _replaced(Vm.Log calldata log) private {
        (uint256 circulatingKg, bytes32[] memory batchIds, uint256[] memory kgs) =
            abi.decode(log.data, (uint256, bytes32[], uint256[]));
        uint256 retiredKg = 0;
        for (uint256 i = 0; i < batchIds.length; ++i) {
            retiredKg += kgs[i];
            _kg[batchIds[i]].cancelledKg += kgs[i];
            _takeCirculating(batchIds[i], kgs[i]);
        }
        _settle(log.topics[1], circulatingKg, retiredKg);
    }

    function _settle(bytes32 batchId, uint256 circulatingKg, uint256 retiredKg) private {
        _deficits[batchId].circulatingKg -= circulatingKg;
        _deficits[batchId].retiredKg -= retiredKg;
        _settledRetiredKg[batchId] += retiredKg;
        _kg[batchId].circulatingKg -= circulatingKg;
        _kg[batchId].cancelledKg += circulatingKg;
    }

    function _addCirculating(bytes32 batchId, uint256 kg) private {
        if (kg > 0 && _kg[batchId].circulatingKg == 0) _eligible.push(batchId);
        _kg[batchId].circulatingKg += kg;
    }

    function _takeCirculating(bytes32 batchId, uint256 kg) private {
        _kg[batchId].circulatingKg -= kg;
        if (_kg[batchId].circulatingKg == 0) _remove(batchId);
    }

    /// @dev Closes the gap in the list; where the batch is not in it, nothing changes.
    function _remove(bytes32 batchId) private {
        bool isPast = false;
        for (uint256 i = 0; i < _eligible.length; ++i) {
            if (isPast) _eligible[i - 1] = _eligible[i];
            if (_eligible[i] == batchId) isPast = true;
        }
        if (isPast) _eligible.pop();
    }

    /* PRIVATE: MARKET */

    function _readMarket(Vm.Log calldata log, bytes32 topic) private {
        if (topic == ICarbonMarket.OrderPlaced.selector) {
            Order memory order = abi.decode(log.data, (Order));
            _orders[log.topics[1]].orderTag = bytes18(keccak256(abi.encode(ORDER_TYPEHASH, order)));
            _orders[log.topics[1]].placed = true;
        } else if (topic == ICarbonMarket.OrderBound.selector) {
            _orders[log.topics[1]].orderTag = bytes18(abi.decode(log.data, (bytes32)));
        } else if (topic == ICarbonMarket.OrderFilled.selector) {
            (,, uint256 kg,,, uint256 fee) = abi.decode(log.data, (address, uint8, uint256, uint256, uint256, uint256));
            _orders[log.topics[1]].filledKg += uint96(kg);
            accruedFees += fee;
        } else if (topic == ICarbonMarket.OrderSettled.selector) {
            (uint256 kg,,) = abi.decode(log.data, (uint256, uint256, uint256));
            _orders[log.topics[1]].filledKg += uint96(kg);
        } else if (topic == ICarbonMarket.OrderCancelled.selector) {
            _orders[log.topics[1]].cancelled = true;
        } else if (topic == ICarbonMarket.CounterRaised.selector) {
            counterOf[_address(log.topics[1])] = abi.decode(log.data, (uint256));
        } else if (topic == ICarbonMarket.FeeChanged.selector) {
            feeBps = abi.decode(log.data, (uint16));
        } else if (topic == ICarbonMarket.FeesWithdrawn.selector) {
            accruedFees -= abi.decode(log.data, (uint256));
        }
    }

    function _address(bytes32 topic) private pure returns (address) {
        return address(uint160(uint256(topic)));
    }
}
