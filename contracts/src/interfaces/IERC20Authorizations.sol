// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IERC20Authorizations
/// @notice ERC-3009 with signatures as bytes, so that accounts with code can sign too. Beside the standard's own
/// functions, which take v, r and s.
interface IERC20Authorizations {
    /// @notice ERC-3009 `transferWithAuthorization` with the signature as bytes (65 bytes, or ERC-1271).
    /// @param from Whose credits move, and who signed.
    /// @param to Who receives them.
    /// @param value How much, in kg.
    /// @param validAfter The signature holds after this second, Unix time.
    /// @param validBefore The signature holds before this second, Unix time.
    /// @param nonce `from`'s nonce, used once, for ever.
    /// @param signature EIP-712 signature over ERC-3009's TransferWithAuthorization.
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    /// @notice ERC-3009 `receiveWithAuthorization` with the signature as bytes: only `to` may submit it.
    /// @param from Whose credits move, and who signed.
    /// @param to Who receives them: the caller.
    /// @param value How much, in kg.
    /// @param validAfter The signature holds after this second, Unix time.
    /// @param validBefore The signature holds before this second, Unix time.
    /// @param nonce `from`'s nonce, used once, for ever.
    /// @param signature EIP-712 signature over ERC-3009's ReceiveWithAuthorization.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    /// @notice ERC-3009 `cancelAuthorization` with the signature as bytes: the nonce can never be used again.
    /// @param authorizer Whose nonce it is, and who signed.
    /// @param nonce The nonce to cancel.
    /// @param signature EIP-712 signature over ERC-3009's CancelAuthorization.
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature) external;
}
