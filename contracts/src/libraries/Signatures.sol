// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title Signatures
/// @notice Signature checks for accounts with a key (65 bytes, low s) and for accounts with code (ERC-1271).
library Signatures {
    /// @dev What an account with code may use to judge a signature: enough to verify a P-256 one without a precompile.
    uint256 internal constant ERC1271_GAS = 400_000;

    /// @notice Whether `signer` signed `digest`. An account with both key and code (EIP-7702) may use either.
    function isValid(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && recovered == signer) return true;
        return signer.code.length > 0 && _isValidERC1271(signer, digest, signature);
    }

    /// @dev Reads one word of the answer only, so that a hostile account can't make its caller copy more.
    function _isValidERC1271(address signer, bytes32 digest, bytes calldata signature) private view returns (bool) {
        bytes memory data = abi.encodeCall(IERC1271.isValidSignature, (digest, signature));
        bool success;
        bytes32 answer;
        assembly ("memory-safe") {
            success := staticcall(ERC1271_GAS, signer, add(data, 0x20), mload(data), 0, 0x20)
            success := and(success, gt(returndatasize(), 0x1f))
            answer := mload(0)
        }
        return success && answer == bytes32(IERC1271.isValidSignature.selector);
    }
}
