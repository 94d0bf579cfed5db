// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice A coin with any number of decimals.
contract PlainCoin is ERC20 {
    uint8 private immutable DECIMALS;

    constructor(uint8 decimals_) ERC20("Coin", "COIN") {
        DECIMALS = decimals_;
    }

    function decimals() public view override returns (uint8) {
        return DECIMALS;
    }

    function mint(address to, uint256 value) external {
        _mint(to, value);
    }
}

/// @notice A coin that keeps one percent of every transfer to itself.
contract FeeOnTransferCoin is PlainCoin {
    constructor() PlainCoin(6) {}

    function _update(address from, address to, uint256 value) internal override {
        if (from == address(0)) return super._update(from, to, value);
        uint256 kept = value / 100;
        super._update(from, to, value - kept);
        super._update(from, address(this), kept);
    }
}

/// @notice A coin that refuses to move to or from the accounts on its list.
contract BlacklistingCoin is PlainCoin {
    error Blacklisted(address account);

    mapping(address => bool) public isBlacklisted;

    constructor() PlainCoin(6) {}

    function blacklist(address account) external {
        isBlacklisted[account] = true;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (isBlacklisted[from]) revert Blacklisted(from);
        if (isBlacklisted[to]) revert Blacklisted(to);
        super._update(from, to, value);
    }
}

/// @notice A coin that calls back into whatever it was told to, at every transfer.
contract ReenteringCoin is PlainCoin {
    address private _target;
    bytes private _data;

    constructor() PlainCoin(6) {}

    function arm(address target, bytes calldata data) external {
        (_target, _data) = (target, data);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (_target == address(0)) return;
        (bool success, bytes memory result) = _target.call(_data);
        if (success) return;
        assembly {
            revert(add(result, 0x20), mload(result))
        }
    }
}
