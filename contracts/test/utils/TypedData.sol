// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Issuance, Retirement, Reversal} from "../../src/interfaces/ICarbonCredit.sol";
import {Order} from "../../src/interfaces/ICarbonMarket.sol";

/// @notice EIP-712 digests written down a second time, from the standard and the documented type strings alone, so that
/// a slip in a contract's hashing can't hide in its tests.
library TypedData {
    function domain(string memory name, uint256 chainId, address verifyingContract) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256("1"),
                chainId,
                verifyingContract
            )
        );
    }

    function digest(bytes32 domain_, bytes32 structHash) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domain_, structHash));
    }

    function issuance(Issuance memory it) internal pure returns (bytes32) {
        return keccak256(
            bytes.concat(
                keccak256(
                    "Issuance(bytes32 batchId,uint256 index,bytes32 recordsRoot,address[] recipients,uint256[] kg,uint256[] creditIds,uint256 bufferKg,uint256 deadline)"
                ),
                abi.encode(it.batchId, it.index, it.recordsRoot),
                keccak256(abi.encodePacked(it.recipients)),
                keccak256(abi.encodePacked(it.kg)),
                keccak256(abi.encodePacked(it.creditIds)),
                abi.encode(it.bufferKg, it.deadline)
            )
        );
    }

    function reversal(Reversal memory it) internal pure returns (bytes32) {
        return keccak256(
            bytes.concat(
                keccak256(
                    "Reversal(address verifier,bytes32 batchId,uint256 kg,bytes32 evidence,bytes32 nonce,uint256 deadline)"
                ),
                abi.encode(it.verifier, it.batchId, it.kg, it.evidence, it.nonce, it.deadline)
            )
        );
    }

    function retirement(address holder, Retirement memory it, uint256 validAfter, uint256 validBefore)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(
            bytes.concat(
                keccak256(
                    "RetireWithAuthorization(address holder,uint256 kg,bytes32[] batchIds,uint64 earliestVintage,bytes32 commitment,uint16 reason,uint32 period,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
                ),
                abi.encode(holder, it.kg),
                keccak256(abi.encodePacked(it.batchIds)),
                abi.encode(it.earliestVintage, it.commitment, it.reason, it.period),
                abi.encode(validAfter, validBefore, it.nonce)
            )
        );
    }

    function authorization(string memory kind, address from, address to, uint256 kg, uint256 validBefore, bytes32 nonce)
        internal
        pure
        returns (bytes32)
    {
        return authorization(kind, from, to, kg, 0, validBefore, nonce);
    }

    function authorization(
        string memory kind,
        address from,
        address to,
        uint256 kg,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce
    ) internal pure returns (bytes32) {
        bytes32 typeHash = keccak256(
            abi.encodePacked(
                kind,
                "WithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
            )
        );
        return keccak256(abi.encode(typeHash, from, to, kg, validAfter, validBefore, nonce));
    }

    function cancelAuthorization(address authorizer, bytes32 nonce) internal pure returns (bytes32) {
        return
            keccak256(abi.encode(keccak256("CancelAuthorization(address authorizer,bytes32 nonce)"), authorizer, nonce));
    }

    function permit(address owner, address spender, uint256 value, uint256 nonce, uint256 deadline)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                owner,
                spender,
                value,
                nonce,
                deadline
            )
        );
    }

    function order(Order memory it) internal pure returns (bytes32) {
        return keccak256(
            bytes.concat(
                keccak256(
                    "Order(address maker,uint8 side,uint128 kg,uint128 pricePerKg,uint128 minFillKg,address filler,uint64 expiry,uint256 counter,bytes32 salt,uint16 maxFeeBps)"
                ),
                abi.encode(it.maker, it.side, it.kg, it.pricePerKg, it.minFillKg),
                abi.encode(it.filler, it.expiry, it.counter, it.salt, it.maxFeeBps)
            )
        );
    }

    function cancelOrder(address maker, bytes32 salt) internal pure returns (bytes32) {
        return keccak256(abi.encode(keccak256("CancelOrder(address maker,bytes32 salt)"), maker, salt));
    }

    function cancelAllOrders(address maker, uint256 counter) internal pure returns (bytes32) {
        return keccak256(abi.encode(keccak256("CancelAllOrders(address maker,uint256 counter)"), maker, counter));
    }
}
