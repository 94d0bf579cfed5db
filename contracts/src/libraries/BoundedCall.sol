// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title BoundedCall
/// @notice Calls that can neither use more gas than they were given nor hand back more data than is wanted.
library BoundedCall {
    /// @dev What a call costs its caller beyond the gas passed on: account access and copying, rounded up.
    uint256 private constant CALL_OVERHEAD_GAS = 10_000;

    /// @notice Whether enough gas is left to pass on `gasLimit` in full: a call gets 63/64 of what is left at most.
    function canPassOn(uint256 gasLimit) internal view returns (bool) {
        uint256 left = gasleft();
        return left > CALL_OVERHEAD_GAS && (left - CALL_OVERHEAD_GAS) / 64 * 63 >= gasLimit;
    }

    /// @notice Calls `target` with at most `gasLimit` gas and keeps at most `maxBytes` of what it returns.
    function tryCall(address target, uint256 gasLimit, bytes memory data, uint256 maxBytes)
        internal
        returns (bool success, bytes memory result)
    {
        assembly ("memory-safe") {
            success := call(gasLimit, target, 0, add(data, 0x20), mload(data), 0, 0)
            let size := returndatasize()
            if gt(size, maxBytes) { size := maxBytes }
            result := mload(0x40)
            mstore(0x40, add(result, and(add(size, 0x3f), not(0x1f))))
            mstore(result, size)
            returndatacopy(add(result, 0x20), 0, size)
        }
    }
}
