// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {IPausing} from "../interfaces/IPausing.sol";

/// @title Pausing
/// @notice See IPausing.
abstract contract Pausing is IPausing, AccessManaged {
    /* CONSTANTS */

    uint256 private constant PAUSE = 7 days;
    uint256 private constant PAUSE_INTERVAL = 30 days;

    /* STORAGE */

    /// @dev Forty bits each, so that both lie beside the authority's address in one slot.
    uint40 private _pausedUntil;
    uint40 private _pausableFrom;

    /* MODIFIERS */

    modifier whenNotPaused() {
        require(block.timestamp >= _pausedUntil, IsPaused(_pausedUntil));
        _;
    }

    /* PAUSE */

    /// @inheritdoc IPausing
    function pause() external restricted {
        require(block.timestamp >= _pausableFrom, PauseTooSoon(_pausableFrom));
        _pausableFrom = uint40(block.timestamp + PAUSE_INTERVAL);
        _pauseFromNow();
    }

    /// @inheritdoc IPausing
    function renewPause() external restricted {
        _pausableFrom = 0;
        _pauseFromNow();
    }

    /// @inheritdoc IPausing
    function unpause() external restricted {
        _pausableFrom = 0;
        _pausedUntil = 0;
        emit Unpaused(msg.sender);
    }

    /* VIEWS */

    /// @inheritdoc IPausing
    function pausedUntil() external view returns (uint256) {
        return _pausedUntil;
    }

    /// @inheritdoc IPausing
    function pausableFrom() external view returns (uint256) {
        return _pausableFrom;
    }

    /* INTERNAL */

    function _pauseFromNow() private {
        uint256 until = block.timestamp + PAUSE;
        _pausedUntil = uint40(until);
        emit Paused(until, msg.sender);
    }
}
