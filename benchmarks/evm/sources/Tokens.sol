// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ERC20 as SoladyERC20} from "solady/src/tokens/ERC20.sol";

/// @notice OpenZeppelin's ERC-20 with nothing on top.
contract PlainToken is ERC20("Carbon Credit Peer", "PEER") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// @notice OpenZeppelin's ERC-20 with its ERC-3009.
contract AuthorizedToken is ERC20, ERC3009 {
    constructor() ERC20("Carbon Credit Peer", "PEER") EIP712("Carbon Credit Peer", "1") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// @notice Solady's ERC-20 with nothing on top.
contract SoladyToken is SoladyERC20 {
    function name() public pure override returns (string memory) {
        return "Carbon Credit Peer";
    }

    function symbol() public pure override returns (string memory) {
        return "PEER";
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// @notice OpenZeppelin's ERC-721, for what Seaport's basic orders sell.
contract Deed is ERC721("Carbon Credit Peer", "PEER") {
    function mint(address to, uint256 id) external {
        _mint(to, id);
    }
}

/// @notice OpenZeppelin's ERC-1155, for the same with an amount.
contract Share is ERC1155("") {
    function mint(address to, uint256 id, uint256 amount) external {
        _mint(to, id, amount, "");
    }
}
