// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IPausing
/// @notice A stop that ends by itself: a guardian's pause lasts 7 days and can't follow another within 30, unless the
/// admin has renewed or lifted it in between.
/// @dev Warning: a pause never touches transfers, retirements, cancellations or withdrawals.
interface IPausing {
    /* EVENTS */

    /// @notice What can be paused is paused until the second `until`, Unix time, by `account`.
    /// @dev From the second `pausableFrom` on a guardian may pause again; zero after the admin has renewed the pause.
    event Paused(uint256 until, uint256 pausableFrom, address indexed account);

    /// @notice The admin lifted the pause before its time; a guardian may pause again.
    event Unpaused(address indexed account);

    /* ERRORS */

    /// @notice Paused; try again from the second `until` on, Unix time.
    error IsPaused(uint256 until);

    /// @notice A guardian may pause again from the second `from` on, Unix time, or once the admin has spoken.
    error PauseTooSoon(uint256 from);

    /* PAUSE */

    /// @notice Pauses for 7 days. Guardian only, and not within 30 days of the last pause. Reverts with PauseTooSoon.
    function pause() external;

    /// @notice Pauses for 7 days from now on, whether paused or not, and lets the guardian pause again. Admin only.
    function renewPause() external;

    /// @notice Lifts the pause, and lets the guardian pause again. Admin only.
    function unpause() external;

    /* VIEWS */

    /// @notice The first second that is not paused, Unix time; in the past, or zero, where nothing is paused.
    function pausedUntil() external view returns (uint256);

    /// @notice From when on a guardian may pause, Unix time; in the past, or zero, where now.
    function pausableFrom() external view returns (uint256);
}
