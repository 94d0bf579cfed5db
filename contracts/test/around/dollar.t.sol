// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20Capped} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Capped.sol";

import {TestDollar} from "../../src/dev/TestDollar.sol";
import {DevelopmentChains} from "../../src/libraries/DevelopmentChains.sol";
import {Base} from "../utils/Base.t.sol";
import {TypedData} from "../utils/TypedData.sol";

contract DollarTest is Base {
    uint256 private constant CAP = 9_223_372_036_854_775_807;

    function testFuzz_RevertWhen_TheChainIsNoDevelopmentChain(uint64 chainId) external {
        vm.assume(chainId != 31_337 && chainId != 1337);
        vm.chainId(chainId);
        vm.expectRevert(abi.encodeWithSelector(DevelopmentChains.NotADevelopmentChain.selector, chainId));
        new TestDollar();
    }

    function test_WhenTheChainIsADevelopmentChain() external {
        vm.chainId(1337);
        TestDollar it = new TestDollar();
        assertEq(it.name(), "Test Dollar");
        assertEq(it.symbol(), "TUSD");
        assertEq(it.totalSupply(), 0);
    }

    function test_WhenAnyoneAsks() external {
        vm.prank(stranger);
        dollar.faucet(stranger, 5e6);
        assertEq(dollar.balanceOf(stranger), 5e6);
    }

    function test_RevertWhen_MoreIsAskedForThanAMirrorHolds() external {
        dollar.faucet(stranger, CAP);
        vm.expectRevert(abi.encodeWithSelector(ERC20Capped.ERC20ExceededCap.selector, CAP + 1, CAP));
        dollar.faucet(stranger, 1);
    }

    function test_WhenItsDecimalsAreAskedFor() external view {
        assertEq(dollar.decimals(), 6);
    }

    function test_WhenItsCapIsAskedFor() external view {
        assertEq(dollar.cap(), CAP);
    }

    function test_WhenItsHolderSignsAPermit() external {
        bytes32 structHash = TypedData.permit(company.addr, address(market), 7, 0, NOW);
        bytes32 domain = TypedData.domain("Test Dollar", block.chainid, address(dollar));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(company.privateKey, TypedData.digest(domain, structHash));
        dollar.permit(company.addr, address(market), 7, NOW, v, r, s);
        assertEq(dollar.allowance(company.addr, address(market)), 7);
    }

    function test_WhenItsDomainIsAskedFor() external view {
        (, string memory name, string memory version,, address verifyingContract,,) = dollar.eip712Domain();
        assertEq(name, "Test Dollar");
        assertEq(version, "1");
        assertEq(verifyingContract, address(dollar));
    }
}
