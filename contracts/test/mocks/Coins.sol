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

/// @notice A coin that calls back into whatever it was told to, at its next transfer.
contract ReenteringCoin is PlainCoin {
    address private _target;
    bytes private _data;

    constructor() PlainCoin(6) {}

    function arm(address target, bytes calldata data) external {
        (_target, _data) = (target, data);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        address target = _target;
        if (target == address(0) || from == address(0)) return;
        _target = address(0);
        (bool success, bytes memory result) = target.call(_data);
        if (success) return;
        assembly {
            revert(add(result, 0x20), mload(result))
        }
    }
}

/// @notice A coin that moves nothing, and says so by `false` instead of reverting.
contract RefusingCoin is PlainCoin {
    constructor() PlainCoin(6) {}

    function transferFrom(address, address, uint256) public pure override returns (bool) {
        return false;
    }
}

/// @notice A coin that moves, and returns nothing, as the oldest stablecoin does.
contract SilentCoin is PlainCoin {
    constructor() PlainCoin(6) {}

    function transfer(address to, uint256 value) public override returns (bool) {
        super.transfer(to, value);
        assembly {
            return(0, 0)
        }
    }

    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        super.transferFrom(from, to, value);
        assembly {
            return(0, 0)
        }
    }
}

/// @notice A coin of which all balances shrink at once: shares of a whole, rounded down.
contract RebasingCoin is PlainCoin {
    uint256 private _unitsPer1000Shares = 1000;

    constructor() PlainCoin(6) {}

    function shrink(uint256 unitsPer1000Shares) external {
        _unitsPer1000Shares = unitsPer1000Shares;
    }

    function balanceOf(address account) public view override returns (uint256) {
        return super.balanceOf(account) * _unitsPer1000Shares / 1000;
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value * 1000 / _unitsPer1000Shares);
    }
}

/// @notice A coin that reverts with more data than anyone wants to copy.
contract FloodingCoin is PlainCoin {
    constructor() PlainCoin(6) {}

    function transferFrom(address, address, uint256) public pure override returns (bool) {
        assembly {
            mstore(0x40, 0) // zeros all the way, for the tests to compare with
            revert(0, 100000)
        }
    }
}

/// @notice A coin that burns all the gas it is given when coins are to move.
contract GasBurningCoin is PlainCoin {
    constructor() PlainCoin(6) {}

    function transferFrom(address, address, uint256) public pure override returns (bool) {
        while (true) {}
        return true;
    }
}

/// @notice A coin whose permit burns all the gas it is given.
contract GasBurningPermitCoin is PlainCoin {
    constructor() PlainCoin(6) {}

    function permit(address, address, uint256, uint256, uint8, bytes32, bytes32) external pure {
        while (true) {}
    }
}

/// @notice A coin whose permit answers with more data than anyone wants to copy.
contract FloodingPermitCoin is PlainCoin {
    constructor() PlainCoin(6) {}

    function permit(address, address, uint256, uint256, uint8, bytes32, bytes32) external pure {
        assembly {
            return(0, 100000)
        }
    }
}
