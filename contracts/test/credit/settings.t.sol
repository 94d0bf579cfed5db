// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC3009} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

import {CarbonCredit} from "../../src/CarbonCredit.sol";
import {BatchTerms, CreditClass, ICarbonCredit} from "../../src/interfaces/ICarbonCredit.sol";
import {IERC20Authorizations} from "../../src/interfaces/IERC20Authorizations.sol";
import {CreditIds} from "../../src/libraries/CreditIds.sol";
import {Base} from "../utils/Base.t.sol";
import {TypedData} from "../utils/TypedData.sol";

contract SettingsTest is Base {
    function _deploy(CreditClass creditClass, uint8 lowestLevel) private returns (CarbonCredit) {
        return new CarbonCredit("Credit", "CRD", creditClass, lowestLevel, 123, address(manager));
    }

    /* CONSTRUCTOR AND SETTINGS */

    function test_RevertWhen_TheLowestLevelAdmitsSelfReportedClaims() external {
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.InvalidLevel.selector, 0));
        _deploy(CreditClass.Micro, 0);
    }

    function test_RevertWhen_TheLowestLevelIsAboveAllLevels() external {
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.InvalidLevel.selector, 5));
        _deploy(CreditClass.Registry, 5);
    }

    function test_WhenTheLowestLevelIsOneOfThoseThereAre() external {
        for (uint8 level = 1; level <= 4; ++level) {
            vm.expectEmit();
            emit ICarbonCredit.DailyIssueCapChanged(123);
            CarbonCredit it = _deploy(CreditClass.Micro, level);
            assertEq(it.lowestLevel(), level);
            assertEq(uint8(it.creditClass()), uint8(CreditClass.Micro));
            assertEq(it.dailyIssueCapKg(), 123);
            assertEq(it.authority(), address(manager));
            assertEq(it.name(), "Credit");
            assertEq(it.symbol(), "CRD");
            assertEq(it.totalSupply(), 0);
            assertEq(it.attributable(), 0);
        }
    }

    function test_RevertWhen_TheCallerIsNoAdmin() external {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, issuer));
        vm.prank(issuer);
        credit.setDailyIssueCap(1);
    }

    function test_WhenTheCallerIsTheAdmin() external {
        vm.expectEmit(address(credit));
        emit ICarbonCredit.DailyIssueCapChanged(1);
        vm.prank(admin);
        credit.setDailyIssueCap(1);
        assertEq(credit.dailyIssueCapKg(), 1);
    }

    function test_WhenOneTonneIsShown() external view {
        assertEq(10 ** credit.decimals(), 1000);
    }

    function test_WhenTheDeploymentHoldsRegistryUnits() external {
        assertEq(uint8(_deploy(CreditClass.Registry, 1).creditClass()), uint8(CreditClass.Registry));
    }

    function test_WhenADeploymentAsksForAudits() external {
        assertEq(_deploy(CreditClass.Micro, 4).lowestLevel(), 4);
    }

    function test_WhenTheCapIsTheDeployments() external view {
        assertEq(credit.dailyIssueCapKg(), DAILY_CAP_KG);
    }

    function test_WhenAnyOfTheTermsDiffer() external view {
        BatchTerms[] memory terms = new BatchTerms[](9);
        for (uint256 i = 0; i < terms.length; ++i) {
            terms[i] = defaultTerms();
        }
        terms[1].source = "solar";
        terms[2].vintageStart += 1;
        terms[3].vintageEnd += 1;
        terms[4].verifier = stranger;
        terms[5].level = 4;
        terms[6].country = "SU";
        terms[7].closesAt += 1;
        terms[8].bufferBps += 1;
        for (uint256 i = 0; i < terms.length; ++i) {
            assertEq(credit.batchIdOf(terms[i]), keccak256(abi.encode(terms[i])));
            for (uint256 j = 0; j < i; ++j) {
                assertTrue(credit.batchIdOf(terms[i]) != credit.batchIdOf(terms[j]));
            }
        }
    }

    /* CREDIT IDS */

    function test_WhenTheCounterIsShort() external view {
        assertEq(credit.creditIdText(creditId(123)), "CRD-2025-000123");
        assertEq(credit.creditIdText(creditId(0)), "CRD-2025-000000");
        assertEq(credit.creditIdText(creditId(99_999)), "CRD-2025-099999");
        assertEq(credit.creditIdText(creditId(100_000)), "CRD-2025-100000");
    }

    function test_WhenTheCounterIsLong() external view {
        assertEq(credit.creditIdText(creditId(1_234_567)), "CRD-2025-1234567");
        assertEq(credit.creditIdText(creditId(2 ** 40 - 1)), "CRD-2025-1099511627775");
    }

    function testFuzz_RevertWhen_TheYearHasNotFourDigits(uint256 id, bool isEarly) external {
        id = isEarly ? bound(id, 0, (1000 << 40) - 1) : bound(id, 10_000 << 40, type(uint256).max);
        vm.expectRevert(abi.encodeWithSelector(ICarbonCredit.InvalidCreditId.selector, id));
        credit.creditIdText(id);
    }

    /// @dev The text tells the id, and no two ids share one.
    function testFuzz_WhenTheIdIsAnything(uint256 year, uint256 counter) external view {
        year = bound(year, 1000, 9999);
        counter = bound(counter, 0, 2 ** 40 - 1);
        bytes memory text = bytes(credit.creditIdText((year << 40) + counter));
        assertGe(text.length, 15);
        assertTrue(text.length == 15 || text[9] != "0", "padded more than needed");
        assertEq(text[8], bytes1("-"));
        assertEq(_number(text, 4, 8), year);
        assertEq(_number(text, 9, text.length), counter);
        for (uint256 i = 0; i < 4; ++i) {
            assertEq(text[i], bytes("CRD-")[i]);
        }
    }

    function _number(bytes memory text, uint256 start, uint256 end) private pure returns (uint256 number) {
        for (uint256 i = start; i < end; ++i) {
            assertTrue(text[i] >= "0" && text[i] <= "9");
            number = number * 10 + uint8(text[i]) - 48;
        }
    }

    function testFuzz_WhenTheCounterFits(uint256 year, uint256 counter) external pure {
        year = bound(year, 0, 2 ** 200);
        counter = bound(counter, 0, 2 ** 40 - 1);
        assertEq(CreditIds.from(year, counter), year * 2 ** 40 + counter);
        assertEq(CreditIds.from(year, 2 ** 40 - 1), year * 2 ** 40 + 2 ** 40 - 1);
    }

    function testFuzz_WhenTheCounterIsTooLarge(uint256 year, uint256 counter) external pure {
        assertEq(CreditIds.from(year, bound(counter, 2 ** 40, type(uint256).max)), 0);
        assertEq(CreditIds.from(year, 2 ** 40), 0);
    }

    /* STANDARDS */

    /// @dev Interface ids as the standards give them; its own are the XOR of its functions.
    function test_WhenTheInterfaceIsOneOfItsOwn() external view {
        assertTrue(credit.supportsInterface(0x01ffc9a7)); // ERC-165
        assertTrue(credit.supportsInterface(0x36372b07)); // ERC-20
        assertTrue(credit.supportsInterface(0xa219a025)); // ERC-20 metadata
        assertTrue(credit.supportsInterface(0x9d8ff7da)); // ERC-2612
        assertTrue(credit.supportsInterface(0x84b0196e)); // ERC-5267
        assertTrue(credit.supportsInterface(type(IERC3009).interfaceId));
        assertTrue(credit.supportsInterface(type(IERC20Authorizations).interfaceId));
        assertTrue(credit.supportsInterface(type(ICarbonCredit).interfaceId));
    }

    function test_WhenTheInterfaceIsAnother() external view {
        assertFalse(credit.supportsInterface(0xffffffff));
        assertFalse(credit.supportsInterface(0x00000000));
        assertFalse(credit.supportsInterface(type(IERC721).interfaceId));
        assertFalse(credit.supportsInterface(type(IAccessManaged).interfaceId));
    }

    function test_WhenAWalletAsksForTheDomain() external {
        _assertDomain();
        vm.chainId(137);
        _assertDomain();
    }

    function _assertDomain() private view {
        (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        ) = credit.eip712Domain();
        assertEq(fields, bytes1(0x0f));
        assertEq(name, "WIA Carbon Credit Micro");
        assertEq(version, "1");
        assertEq(chainId, block.chainid);
        assertEq(verifyingContract, address(credit));
        assertEq(salt, bytes32(0));
        assertEq(extensions.length, 0);
        assertEq(credit.DOMAIN_SEPARATOR(), TypedData.domain(name, chainId, verifyingContract));
    }
}
