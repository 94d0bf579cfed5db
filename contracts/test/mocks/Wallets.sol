// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @notice An account with code, whose owner signs for it (ERC-1271).
contract OwnedWallet is IERC1271 {
    address private immutable OWNER;

    constructor(address owner) {
        OWNER = owner;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        return ECDSA.recover(digest, signature) == OWNER ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }

    function approve(IERC20 token, address spender, uint256 value) external {
        token.approve(spender, value);
    }
}

/// @notice An account that burns all the gas it is given when asked for a signature.
contract GasBurningWallet is IERC1271 {
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        while (true) {}
        return IERC1271.isValidSignature.selector;
    }
}

/// @notice An account that answers with more data than anyone wants to copy, and reverts with as much.
contract FloodingWallet is IERC1271 {
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        assembly {
            return(0, 100000)
        }
    }

    fallback() external {
        assembly {
            mstore(0x40, 0) // zeros all the way, for the tests to compare with
            revert(0, 100000)
        }
    }
}

/// @notice An account that reverts when asked for a signature.
contract RevertingWallet is IERC1271 {
    error Refused();

    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        revert Refused();
    }
}

/// @notice An account that answers with another value than the standard's when asked for a signature.
contract WrongWallet is IERC1271 {
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        return ~IERC1271.isValidSignature.selector;
    }
}

/// @notice An account that answers with the right four bytes, and not with the word that they should stand in.
contract ShortWallet {
    function isValidSignature(bytes32, bytes calldata) external pure {
        assembly {
            mstore(0, shl(224, 0x1626ba7e))
            return(0, 4)
        }
    }
}

/// @notice An account that calls elsewhere when asked for a signature, and then says yes: whether or not that worked,
/// or only where it did.
contract ReenteringWallet {
    address private immutable TARGET;
    bool private immutable INSISTS;
    bytes private _data;

    constructor(address target, bytes memory data, bool insists) {
        TARGET = target;
        INSISTS = insists;
        _data = data;
    }

    function isValidSignature(bytes32, bytes calldata) external returns (bytes4) {
        (bool success,) = TARGET.call(_data);
        require(success || !INSISTS);
        return IERC1271.isValidSignature.selector;
    }
}

/// @notice An account that answers with a word of its choice, cut or filled up with zeros to a size of its choice.
contract AnsweringWallet is IERC1271 {
    bytes32 private immutable WORD;
    uint256 private immutable SIZE;

    constructor(bytes32 word, uint256 size) {
        (WORD, SIZE) = (word, size);
    }

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        (bytes32 word, uint256 size) = (WORD, SIZE);
        assembly {
            let answer := mload(0x40)
            mstore(answer, word)
            return(answer, size)
        }
    }
}

/// @notice An account that reverts with the very answer that would mean yes.
contract ContradictoryWallet is IERC1271 {
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        bytes4 answer = IERC1271.isValidSignature.selector;
        assembly {
            mstore(0, answer)
            revert(0, 0x20)
        }
    }
}

/// @notice An account that says yes to everything, but first uses the gas it is told to.
contract SlowWallet is IERC1271 {
    uint256 private immutable GAS;

    constructor(uint256 gas_) {
        GAS = gas_;
    }

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        uint256 until = gasleft() - GAS;
        while (gasleft() > until) {}
        return IERC1271.isValidSignature.selector;
    }
}
