// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {Vm} from "forge-std/Vm.sol";

import {BatchTerms, ICarbonCredit, Issuance, Retirement} from "../../src/interfaces/ICarbonCredit.sol";
import {IERC20Authorizations} from "../../src/interfaces/IERC20Authorizations.sol";
import {IPausing} from "../../src/interfaces/IPausing.sol";
import {IRetirementCertificate} from "../../src/interfaces/IRetirementCertificate.sol";
import {TypedData} from "../utils/TypedData.sol";
import {World} from "./World.sol";

/// @notice What issuers and holders do with credits, in any order and size, and what they must not be able to do.
abstract contract CreditHandler is World {
    constructor() {
        bytes4[16] memory actions_ = [
            CreditHandler.issue.selector,
            CreditHandler.reissue.selector,
            CreditHandler.transfer.selector,
            CreditHandler.overdraw.selector,
            CreditHandler.approve.selector,
            CreditHandler.spend.selector,
            CreditHandler.permit.selector,
            CreditHandler.authorize.selector,
            CreditHandler.cancelAuthorization.selector,
            CreditHandler.replay.selector,
            CreditHandler.retire.selector,
            CreditHandler.retireWithAuthorization.selector,
            CreditHandler.retireFrom.selector,
            CreditHandler.overretire.selector,
            CreditHandler.certify.selector,
            CreditHandler.burnCertificate.selector
        ];
        for (uint256 i = 0; i < actions_.length; ++i) {
            _actions.push(actions_[i]);
        }
    }

    /* ISSUE */

    function issue(uint256 batchSeed, uint256 personSeed, uint256 kgSeed, uint256 creditsSeed) external acts {
        _issue(_batch(batchSeed), personSeed, kgSeed, creditsSeed);
    }

    function _issue(bytes32 batchId, uint256 personSeed, uint256 kgSeed, uint256 creditsSeed) internal {
        BatchTerms memory terms = _terms[batchId];
        Issuance memory it = _issuance(terms, personSeed, _between(kgSeed, 1, MOST_KG), 1 + creditsSeed % 3);
        bytes memory signature = signCredit(verifier, TypedData.issuance(it));
        bytes memory data = abi.encodeCall(credit.issue, (terms, it, signature));
        bytes memory refusal = _refusalOf(it);
        if (refusal.length > 0) return _assertRefused(issuer, address(credit), data, refusal);

        _succeed(issuer, address(credit), data);
        for (uint256 i = 0; i < it.kg.length; ++i) {
            owedKg[it.recipients[i]] += int256(it.kg[i]);
            _creditIds.push(it.creditIds[i]);
        }
        issuedKg += _totalKg(it.kg) + it.bufferKg;
        _did();
    }

    /// @dev Forbidden: an issued credit again, whatever else is right.
    function reissue(uint256 batchSeed, uint256 personSeed, uint256 idSeed) external acts {
        if (_creditIds.length == 0) return;
        BatchTerms memory terms = _terms[_batch(batchSeed)];
        Issuance memory it = _issuance(terms, personSeed, 1, 1);
        it.creditIds[0] = _creditIds[idSeed % _creditIds.length];
        bytes memory refusal = _refusalOf(it);
        if (refusal.length == 0) {
            refusal = abi.encodeWithSelector(ICarbonCredit.CreditIdUsed.selector, it.creditIds[0]);
            _did();
        }
        bytes memory signature = signCredit(verifier, TypedData.issuance(it));
        _assertRefused(issuer, address(credit), abi.encodeCall(credit.issue, (terms, it, signature)), refusal);
    }

    /* MOVE */

    function transfer(uint256 fromSeed, uint256 toSeed, uint256 kgSeed) external acts {
        (address from, address to) = (_person(fromSeed).addr, _person(toSeed).addr);
        uint256 kg = _between(kgSeed, 0, credit.balanceOf(from));
        vm.prank(from);
        credit.transfer(to, kg);
        _bookKg(from, to, kg);
        _did();
    }

    /// @dev Forbidden: more than one has, by oneself or by signature; and anything at all to the token itself.
    function overdraw(uint256 fromSeed, uint256 toSeed, uint256 kind) external acts {
        (Vm.Wallet memory from, address to) = (_person(fromSeed), _person(toSeed).addr);
        uint256 kg = credit.balanceOf(from.addr) + 1;
        bytes memory refusal =
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, from.addr, kg - 1, kg);
        if (kind % 2 == 0) {
            (to, kg) = (address(credit), 0);
            refusal = abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, to);
        }
        _assertRefused(from.addr, address(credit), abi.encodeCall(credit.transfer, (to, kg)), refusal);
        _assertRefused(stranger, address(credit), _transferAuthorization(from, to, kg, _nextSalt()), refusal);
        _did();
    }

    function approve(uint256 ownerSeed, uint256 spenderSeed, uint256 kgSeed) external acts {
        (address owner, address spender) = (_person(ownerSeed).addr, _person(spenderSeed).addr);
        uint256 kg = kgSeed % 4 == 0 ? type(uint256).max : _between(kgSeed, 0, MOST_KG);
        vm.prank(owner);
        credit.approve(spender, kg);
        assertEq(credit.allowance(owner, spender), kg);
        _did();
    }

    /// @dev Spends an allowance; forbidden: more than it.
    function spend(uint256 ownerSeed, uint256 spenderSeed, uint256 toSeed, uint256 kgSeed) external acts {
        (address owner, address spender) = (_person(ownerSeed).addr, _person(spenderSeed).addr);
        address to = _person(toSeed).addr;
        uint256 allowedKg = credit.allowance(owner, spender);
        if (allowedKg < type(uint256).max) {
            _assertRefused(
                spender,
                address(credit),
                abi.encodeCall(credit.transferFrom, (owner, to, allowedKg + 1)),
                abi.encodeWithSelector(
                    IERC20Errors.ERC20InsufficientAllowance.selector, spender, allowedKg, allowedKg + 1
                )
            );
        }
        uint256 kg = _between(kgSeed, 0, _min(allowedKg, credit.balanceOf(owner)));
        vm.prank(spender);
        credit.transferFrom(owner, to, kg);
        _bookKg(owner, to, kg);
        _did();
    }

    /// @dev Forbidden: the same permit again.
    function permit(uint256 ownerSeed, uint256 spenderSeed, uint256 kgSeed) external acts {
        (Vm.Wallet memory owner, address spender) = (_personWithKey(ownerSeed), _person(spenderSeed).addr);
        uint256 kg = _between(kgSeed, 0, MOST_KG);
        bytes memory data = _permitData(owner, spender, kg);
        _succeed(stranger, address(credit), data);
        assertEq(credit.allowance(owner.addr, spender), kg);
        _assertRefused(stranger, address(credit), data, ERC20Permit.ERC2612InvalidSigner.selector);
        _did();
    }

    /// @dev A signed transfer, by whoever bears it, in both forms; forbidden: the same again.
    function authorize(uint256 fromSeed, uint256 toSeed, uint256 kgSeed, uint256 formSeed) external acts {
        bool isReceipt = formSeed % 2 == 0;
        bool isStandard = formSeed / 2 % 2 == 0;
        Vm.Wallet memory from = isStandard ? _personWithKey(fromSeed) : _person(fromSeed);
        address to = _person(toSeed).addr;
        uint256 kg = _between(kgSeed, 0, credit.balanceOf(from.addr));
        bytes32 nonce = _nextSalt();
        bytes memory data = _authorization(isReceipt, isStandard, from, to, kg, nonce);

        if (isReceipt) assertFalse(_isDoneBy(stranger, data), "received by another");
        _succeed(isReceipt ? to : stranger, address(credit), data);
        _bookKg(from.addr, to, kg);
        _bookNonce(from.addr, nonce);
        _assertRefused(isReceipt ? to : stranger, address(credit), data, _usedError(from.addr, nonce));
        _did();
    }

    function cancelAuthorization(uint256 personSeed) external acts {
        Vm.Wallet memory person = _person(personSeed);
        bytes32 nonce = _nextSalt();
        _succeed(stranger, address(credit), _cancelData(person, nonce));
        _bookNonce(person.addr, nonce);
        _did();
    }

    /// @dev Forbidden: a nonce that was used, for whichever purpose it was and now is wanted for.
    function replay(uint256 usedSeed, uint256 purpose) external acts {
        if (_used.length == 0) return;
        Used memory used = _used[usedSeed % _used.length];
        Vm.Wallet memory author = _walletOf(used.author);
        bytes memory data;
        if (purpose % 4 == 0) data = _cancelData(author, used.nonce);
        else if (purpose % 4 == 1) data = _transferAuthorization(author, stranger, 0, used.nonce);
        else data = _retireData(author, _retirement(1, used.nonce), purpose % 4 == 2);
        _assertRefused(author.addr, address(credit), data, _usedError(author.addr, used.nonce));
        _did();
    }

    /* RETIRE */

    function retire(uint256 holderSeed, uint256 kgSeed, uint256 batchSeed) external acts {
        (Vm.Wallet memory holder, bytes32 nonce) = (_person(holderSeed), _nextSalt());
        (Retirement memory it, uint256 maxBatches) = _chosen(holder.addr, FOR_EVER, kgSeed, batchSeed, nonce);
        if (it.kg == 0) return;
        vm.prank(holder.addr);
        credit.retire(it, maxBatches);
        _bookRetirement(holder.addr, holder.addr, it.kg, nonce);
        _did();
    }

    function retireWithAuthorization(uint256 holderSeed, uint256 kgSeed, uint256 batchSeed) external acts {
        (Vm.Wallet memory holder, bytes32 nonce) = (_person(holderSeed), _nextSalt());
        (Retirement memory it, uint256 maxBatches) = _chosen(holder.addr, FOR_EVER, kgSeed, batchSeed, nonce);
        if (it.kg == 0) return;
        _succeed(stranger, address(credit), _retireData(holder, it, true, maxBatches));
        _bookRetirement(holder.addr, holder.addr, it.kg, nonce);
        _did();
    }

    /// @dev Out of an allowance, under the spender's nonce.
    function retireFrom(uint256 holderSeed, uint256 spenderSeed, uint256 kgSeed, uint256 batchSeed) external acts {
        (address holder, address spender) = (_person(holderSeed).addr, _person(spenderSeed).addr);
        uint256 allowedKg = credit.allowance(holder, spender);
        (Retirement memory it, uint256 maxBatches) = _chosen(holder, allowedKg, kgSeed, batchSeed, _nextSalt());
        if (it.kg == 0) return;
        vm.prank(spender);
        credit.retireFrom(holder, it, maxBatches);
        _bookRetirement(spender, holder, it.kg, it.nonce);
        _did();
    }

    /// @dev Forbidden: one kilogram more than the batches looked at can give, however much the holder has.
    function overretire(uint256 holderSeed, uint256 batchSeed, uint256 form) external acts {
        Vm.Wallet memory holder = _person(holderSeed);
        Retirement memory it = _retirement(1, _nextSalt());
        uint256 maxBatches = _choose(it, batchSeed);
        uint256 availableKg = _availableKg(it, maxBatches);
        it.kg = availableKg + 1;
        bytes memory data = _retireData(holder, it, form % 2 == 0, maxBatches);
        bytes memory refusal =
            abi.encodeWithSelector(ICarbonCredit.NotAttributable.selector, availableKg + 1, availableKg);
        _assertRefused(holder.addr, address(credit), data, refusal);
        _did();
    }

    /// @dev Forbidden: somebody else's retirement, and a second certificate even after the first was burned.
    function certify(uint256 refSeed, uint256 personSeed) external acts {
        if (_retirementRefs.length == 0) return;
        bytes32 ref = _retirementRefs[refSeed % _retirementRefs.length];
        address holder = _retirements[ref].holder;
        address other = _person(personSeed).addr;
        bytes memory data = abi.encodeCall(certificate.certify, (ref));
        if (other != holder) {
            bytes memory refusal = abi.encodeWithSelector(IRetirementCertificate.NotRetirer.selector, ref, other);
            _assertRefused(other, address(certificate), data, refusal);
        }
        if (!_isCertified[ref]) {
            _succeed(holder, address(certificate), data);
            _isCertified[ref] = true;
            _did();
        }
        bytes memory again = abi.encodeWithSelector(IRetirementCertificate.CertificateExists.selector, ref);
        _assertRefused(holder, address(certificate), data, again);
    }

    /// @dev Forbidden: moving a certificate.
    function burnCertificate(uint256 refSeed, uint256 personSeed) external acts {
        if (_retirementRefs.length == 0) return;
        bytes32 ref = _retirementRefs[refSeed % _retirementRefs.length];
        if (!_isCertified[ref] || _isCertificateBurned[ref]) return;
        address holder = _retirements[ref].holder;
        bytes memory move = abi.encodeCall(certificate.transferFrom, (holder, _person(personSeed).addr, uint256(ref)));
        bytes memory refusal = abi.encodeWithSelector(IRetirementCertificate.CertificateIsLocked.selector, uint256(ref));
        _assertRefused(holder, address(certificate), move, refusal);
        vm.prank(holder);
        certificate.burn(uint256(ref));
        _isCertificateBurned[ref] = true;
        _did();
    }

    /* INTERNAL: DATA OF CALLS */

    function _permitData(Vm.Wallet memory owner, address spender, uint256 kg) internal view returns (bytes memory) {
        bytes32 structHash = TypedData.permit(owner.addr, spender, kg, credit.nonces(owner.addr), FOR_EVER);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(owner.privateKey, TypedData.digest(creditDomain(), structHash));
        return abi.encodeCall(credit.permit, (owner.addr, spender, kg, FOR_EVER, v, r, s));
    }

    function _transferAuthorization(Vm.Wallet memory from, address to, uint256 kg, bytes32 nonce)
        internal
        view
        returns (bytes memory)
    {
        return _authorization(false, false, from, to, kg, nonce);
    }

    function _retirement(uint256 kg, bytes32 nonce) internal pure returns (Retirement memory it) {
        it = defaultRetirement(kg);
        it.nonce = nonce;
    }

    function _retireData(Vm.Wallet memory holder, Retirement memory it, bool isSigned)
        internal
        view
        returns (bytes memory)
    {
        return _retireData(holder, it, isSigned, type(uint256).max);
    }

    function _usedError(address author, bytes32 nonce) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, author, nonce);
    }

    /* PRIVATE */

    function _authorization(
        bool isReceipt,
        bool isStandard,
        Vm.Wallet memory from,
        address to,
        uint256 kg,
        bytes32 nonce
    ) private view returns (bytes memory) {
        bytes32 structHash =
            TypedData.authorization(isReceipt ? "Receive" : "Transfer", from.addr, to, kg, FOR_EVER, nonce);
        bytes memory signature = signCredit(from, structHash);
        bytes memory arguments = abi.encode(from.addr, to, kg, 0, FOR_EVER, nonce);
        if (isStandard) {
            bytes4 selector =
                isReceipt ? ERC3009.receiveWithAuthorization.selector : ERC3009.transferWithAuthorization.selector;
            return bytes.concat(selector, arguments, _split(signature));
        }
        bytes4 ours = isReceipt
            ? IERC20Authorizations.receiveWithAuthorization.selector
            : IERC20Authorizations.transferWithAuthorization.selector;
        return bytes.concat(ours, arguments, abi.encode(7 * 32, signature.length), signature, new bytes(31));
    }

    /// @dev A signature as v, r and s.
    function _split(bytes memory signature) private pure returns (bytes memory) {
        (bytes32 r, bytes32 s) = (bytes32(0), bytes32(0));
        assembly ("memory-safe") {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
        }
        return abi.encode(uint8(signature[64]), r, s);
    }

    function _cancelData(Vm.Wallet memory author, bytes32 nonce) private view returns (bytes memory) {
        bytes memory signature = signCredit(author, TypedData.cancelAuthorization(author.addr, nonce));
        return abi.encodeWithSelector(IERC20Authorizations.cancelAuthorization.selector, author.addr, nonce, signature);
    }

    function _retireData(Vm.Wallet memory holder, Retirement memory it, bool isSigned, uint256 maxBatches)
        private
        view
        returns (bytes memory)
    {
        if (!isSigned) return abi.encodeCall(credit.retire, (it, maxBatches));
        bytes memory signature = signCredit(holder, TypedData.retirement(holder.addr, it, 0, FOR_EVER));
        return abi.encodeCall(credit.retireWithAuthorization, (holder.addr, it, 0, FOR_EVER, maxBatches, signature));
    }

    function _isDoneBy(address caller, bytes memory data) private returns (bool success) {
        (success,) = _try(caller, address(credit), data);
    }

    /// @dev Credits of equal size, to as many people in turn.
    function _issuance(BatchTerms memory terms, uint256 personSeed, uint256 kg, uint256 credits)
        private
        returns (Issuance memory it)
    {
        it = issuanceOf(terms, address(0), kg * credits);
        it.recipients = new address[](credits);
        it.kg = new uint256[](credits);
        it.creditIds = new uint256[](credits);
        for (uint256 i = 0; i < credits; ++i) {
            it.recipients[i] = _person(personSeed % _people.length + i).addr;
            it.kg[i] = kg;
            it.creditIds[i] = creditId(uint256(_nextSalt()) + 1e9);
        }
    }

    /// @dev Why an issuance that is right in itself can't be made now; empty where it can.
    function _refusalOf(Issuance memory it) private view returns (bytes memory) {
        uint256 pausedUntil = credit.pausedUntil();
        if (block.timestamp < pausedUntil) return abi.encodeWithSelector(IPausing.IsPaused.selector, pausedUntil);
        if (_isWithheld(it.batchId)) {
            return abi.encodeWithSelector(ICarbonCredit.BatchIsWithheld.selector, it.batchId);
        }
        uint256 kg = _totalKg(it.kg) + it.bufferKg;
        (uint256 capKg, uint256 issuedTodayKg) = (credit.dailyIssueCapKg(), credit.issuedTodayKg(issuer));
        uint256 leftKg = capKg > issuedTodayKg ? capKg - issuedTodayKg : 0;
        if (kg > leftKg) {
            return abi.encodeWithSelector(ICarbonCredit.DailyIssueCapExceeded.selector, issuer, kg, leftKg);
        }
        return "";
    }

    /// @dev A retirement that holder, batches and `mostKg` allow; of nothing where they allow none.
    function _chosen(address holder, uint256 mostKg, uint256 kgSeed, uint256 batchSeed, bytes32 nonce)
        private
        view
        returns (Retirement memory it, uint256 maxBatches)
    {
        it = _retirement(0, nonce);
        maxBatches = _choose(it, batchSeed);
        mostKg = _min(mostKg, _min(credit.balanceOf(holder), _availableKg(it, maxBatches)));
        if (mostKg > 0) it.kg = _between(kgSeed, 1, mostKg);
    }

    /// @dev Lets a retirement name one batch or two, or be choosy about the vintage, or neither. Returns how many
    /// batches of the list it may look at.
    function _choose(Retirement memory it, uint256 batchSeed) private view returns (uint256 maxBatches) {
        maxBatches = 1 + batchSeed % _batchIds.length;
        uint256 kind = batchSeed / 8 % 4;
        if (kind == 0) it.earliestVintage = _terms[_batch(batchSeed)].vintageStart;
        if (kind == 1) {
            it.batchIds = new bytes32[](1 + batchSeed / 32 % 2);
            for (uint256 i = 0; i < it.batchIds.length; ++i) {
                it.batchIds[i] = _opened(batchSeed % _batchIds.length + i);
            }
        }
    }

    function _opened(uint256 batchSeed) private view returns (bytes32) {
        return _batchThat(batchSeed, _isOpened);
    }

    function _isOpened(bytes32 batchId) private view returns (bool) {
        return credit.nextIndex(batchId) > 0;
    }

    /// @dev What a retirement can draw on: by its own choice, and from batches that nothing withholds.
    function _availableKg(Retirement memory it, uint256 maxBatches) private view returns (uint256 kg) {
        bytes32[] memory batchIds = it.batchIds;
        if (batchIds.length == 0) (batchIds,) = credit.nextEligible(maxBatches);
        for (uint256 i = 0; i < batchIds.length; ++i) {
            if (_isWithheld(batchIds[i]) || _terms[batchIds[i]].vintageStart < it.earliestVintage) continue;
            if (i > 0 && batchIds[i] == batchIds[i - 1]) continue;
            kg += credit.batchKg(batchIds[i]).circulatingKg;
        }
    }

    function _totalKg(uint256[] memory kgs) private pure returns (uint256 kg) {
        for (uint256 i = 0; i < kgs.length; ++i) {
            kg += kgs[i];
        }
    }
}
