// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {IERC20Authorizations} from "../interfaces/IERC20Authorizations.sol";
import {Signatures} from "../libraries/Signatures.sol";

/// @title ERC20Authorizations
/// @notice An ERC-20 that moves by signature: ERC-2612, and ERC-3009 for accounts with a key and with code.
/// @dev Nonces are unordered. They live in a bitmap, so that an account that counts them up shares a slot among 256.
abstract contract ERC20Authorizations is IERC20Authorizations, ERC20Permit, ERC3009 {
    using BitMaps for BitMaps.BitMap;

    /* STORAGE */

    mapping(address authorizer => BitMaps.BitMap) private _usedNonces;

    /* CONSTRUCTOR */

    /// @notice Names the token, and its EIP-712 domain the same; the domain's version is 1.
    constructor(string memory name_, string memory symbol_) ERC20(name_, symbol_) ERC20Permit(name_) {}

    /* ERC-3009 FOR ACCOUNTS WITH CODE */

    /// @inheritdoc IERC20Authorizations
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        bytes32 structHash = keccak256(
            abi.encode(TRANSFER_WITH_AUTHORIZATION_TYPEHASH, from, to, value, validAfter, validBefore, nonce)
        );
        require(_isSigned(from, structHash, signature), ERC3009InvalidSignature());
        _transferWithAuthorization(from, to, value, validAfter, validBefore, nonce);
    }

    /// @inheritdoc IERC20Authorizations
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        require(to == msg.sender, ERC20InvalidReceiver(to));
        bytes32 structHash =
            keccak256(abi.encode(RECEIVE_WITH_AUTHORIZATION_TYPEHASH, from, to, value, validAfter, validBefore, nonce));
        require(_isSigned(from, structHash, signature), ERC3009InvalidSignature());
        _transferWithAuthorization(from, to, value, validAfter, validBefore, nonce);
    }

    /// @inheritdoc IERC20Authorizations
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature) external {
        bytes32 structHash = keccak256(abi.encode(CANCEL_AUTHORIZATION_TYPEHASH, authorizer, nonce));
        require(_isSigned(authorizer, structHash, signature), ERC3009InvalidSignature());
        _cancelAuthorization(authorizer, nonce);
    }

    /* VIEWS */

    /// @inheritdoc ERC3009
    function authorizationState(address authorizer, bytes32 nonce) public view virtual override returns (bool) {
        return _usedNonces[authorizer].get(uint256(nonce));
    }

    /* INTERNAL */

    /// @inheritdoc ERC3009
    function _consumeNonce(address authorizer, bytes32 nonce) internal override {
        require(!authorizationState(authorizer, nonce), ERC3009UsedAuthorization(authorizer, nonce));
        _usedNonces[authorizer].set(uint256(nonce));
    }

    /// @dev Whether `signer` signed the EIP-712 struct with this hash in the token's domain.
    function _isSigned(address signer, bytes32 structHash, bytes calldata signature) internal view returns (bool) {
        return Signatures.isValid(signer, _hashTypedDataV4(structHash), signature);
    }
}
