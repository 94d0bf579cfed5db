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

    /// @dev Ninety-six bits, because that is too wide for the slot of the authority's address: so it begins the next
    /// one, which it shares with what a contract built on this declares first.
    uint96 private _pausedUntil;
    uint48 private _pausableFrom;

    /* MODIFIERS */

    modifier whenNotPaused() {
        _checkNotPaused();
        _;
    }

    /* PAUSE */

    /// @inheritdoc IPausing
    function pause() external restricted {
        require(block.timestamp >= _pausableFrom, PauseTooSoon(_pausableFrom));
        _pauseFromNow(block.timestamp + PAUSE_INTERVAL);
    }

    /// @inheritdoc IPausing
    function renewPause() external restricted {
        _pauseFromNow(0);
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

    function _checkNotPaused() private view {
        uint256 until = _pausedUntil;
        require(block.timestamp >= until, IsPaused(until));
    }

    function _pauseFromNow(uint256 pausableFrom_) private {
        uint256 until = block.timestamp + PAUSE;
        _pausedUntil = uint96(until);
        _pausableFrom = uint48(pausableFrom_);
        emit Paused(until, pausableFrom_, msg.sender);
    }
}
