// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Roles
/// @notice The AccessManager role ids that this system uses, for its contracts, its deployment and its tests.
/// @dev Role 0 is AccessManager's own ADMIN_ROLE: setting caps and fees, withdrawing fees, granting roles.
library Roles {
    /// @notice May submit issuances. Never signs them.
    uint64 internal constant ISSUER = 1;

    /// @notice May sign issuances for the batches that name it. Never submits them.
    uint64 internal constant VERIFIER = 2;

    /// @notice May pause issuing and trading for a limited time.
    uint64 internal constant GUARDIAN = 3;

    /// @notice May fill the orders that leave their execution to the market's matcher.
    uint64 internal constant MATCHER = 4;

    /// @notice May anchor Merkle roots of records.
    uint64 internal constant ANCHOR = 5;
}
