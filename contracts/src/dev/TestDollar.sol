// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Capped} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Capped.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

import {DevelopmentChains} from "../libraries/DevelopmentChains.sol";

/// @title TestDollar
/// @notice A worthless coin that stands in for a stablecoin on development chains: 6 decimals, free for anyone, and no
/// more of it than a stablecoin's mirror holds in 63 bits: nine trillion dollars.
contract TestDollar is ERC20Permit, ERC20Capped {
    constructor() ERC20("Test Dollar", "TUSD") ERC20Permit("Test Dollar") ERC20Capped(2 ** 63 - 1) {
        DevelopmentChains.check();
    }

    /// @notice Gives `to` as much as is asked for.
    /// @param to Who receives it.
    /// @param amount How much, in millionths of a dollar.
    function faucet(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @notice 6, as the large stablecoins have.
    function decimals() public pure override returns (uint8) {
        return 6;
    }

    /// @dev Both parents move coins in here.
    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Capped) {
        super._update(from, to, value);
    }
}
