// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title DevelopmentChains
/// @notice The chains on which contracts may exist that must never hold anything of worth.
library DevelopmentChains {
    /// @notice The contract exists on development chains only.
    error NotADevelopmentChain(uint256 chainId);

    /// @notice Reverts anywhere but on the chains of Foundry's and Hardhat's nodes, and of Ganache's.
    function check() internal view {
        require(block.chainid == 31_337 || block.chainid == 1337, NotADevelopmentChain(block.chainid));
    }
}
