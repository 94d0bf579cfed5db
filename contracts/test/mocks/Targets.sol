// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @notice A contract that returns whatever it is called with, and reverts with it where it begins with a zero byte.
contract EchoTarget {
    fallback(bytes calldata data) external returns (bytes memory) {
        if (data.length > 0 && data[0] == 0) {
            assembly {
                calldatacopy(0, 0, calldatasize())
                revert(0, calldatasize())
            }
        }
        return data;
    }
}

/// @notice A contract that returns how much gas it was called with.
contract GasMeter {
    fallback() external {
        assembly {
            mstore(0, gas())
            return(0, 0x20)
        }
    }
}
