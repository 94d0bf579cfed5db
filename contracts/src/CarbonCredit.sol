// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";

import {Roles} from "./Roles.sol";
import {ERC20Authorizations} from "./base/ERC20Authorizations.sol";
import {BatchKg, BatchTerms, CreditClass, ICarbonCredit, Issuance, Retirement} from "./interfaces/ICarbonCredit.sol";
import {BatchList} from "./libraries/BatchList.sol";
import {CreditIds} from "./libraries/CreditIds.sol";

/// @title CarbonCredit
/// @notice See ICarbonCredit.
contract CarbonCredit is ICarbonCredit, ERC20Authorizations, AccessManaged {
    using BatchList for BatchList.List;
    using BitMaps for BitMaps.BitMap;
    using SafeCast for uint256;

    /* TYPES */

    /// @dev `nextIndex` is zero until the batch is opened by its first issuance.
    struct Batch {
        uint64 vintageStart;
        uint64 nextIndex;
        uint128 issuedKg;
        uint128 circulatingKg;
        uint128 bufferedKg;
        uint128 retiredKg;
    }

    struct IssuedOnDay {
        uint64 day;
        uint192 kg;
    }

    /* CONSTANTS */

    uint8 private constant HIGHEST_LEVEL = 4;
    uint256 private constant BPS = 10_000;

    bytes32 private constant ISSUANCE_TYPEHASH = keccak256(
        "Issuance(bytes32 batchId,uint256 index,bytes32 recordsRoot,address[] recipients,uint256[] kg,uint256[] creditIds,uint256 bufferKg,uint256 deadline)"
    );
    bytes32 private constant RETIRE_WITH_AUTHORIZATION_TYPEHASH = keccak256(
        "RetireWithAuthorization(address holder,uint256 kg,bytes32[] batchIds,uint64 earliestVintage,bytes32 commitment,uint16 reason,uint32 period,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );

    /* IMMUTABLES */

    /// @inheritdoc ICarbonCredit
    CreditClass public immutable creditClass;
    /// @inheritdoc ICarbonCredit
    uint8 public immutable lowestLevel;

    /* STORAGE */

    /// @inheritdoc ICarbonCredit
    uint256 public dailyIssueCapKg;

    mapping(address issuer => IssuedOnDay) private _issuedOnDay;
    mapping(bytes32 batchId => Batch) private _batches;
    BatchList.List private _eligible;
    BitMaps.BitMap private _usedCreditIds;

    /* CONSTRUCTOR */

    /// @param name_ The token's name, and its EIP-712 domain's.
    /// @param symbol_ The token's symbol.
    /// @param creditClass_ Which credits this deployment holds.
    /// @param lowestLevel_ The lowest verification level accepted, 1 to 4.
    /// @param dailyIssueCapKg_ What each issuer may issue per UTC day, buffer included.
    /// @param accessManager The AccessManager that holds the roles.
    constructor(
        string memory name_,
        string memory symbol_,
        CreditClass creditClass_,
        uint8 lowestLevel_,
        uint256 dailyIssueCapKg_,
        address accessManager
    ) ERC20Authorizations(name_, symbol_) AccessManaged(accessManager) {
        require(lowestLevel_ > 0 && lowestLevel_ <= HIGHEST_LEVEL, InvalidLevel(lowestLevel_));
        creditClass = creditClass_;
        lowestLevel = lowestLevel_;
        _setDailyIssueCap(dailyIssueCapKg_);
    }

    /* ISSUE */

    /// @inheritdoc ICarbonCredit
    function issue(BatchTerms calldata terms, Issuance calldata issuance, bytes calldata verifierSignature)
        external
        restricted
    {
        _checkIssuance(terms, issuance);
        _checkVerifier(terms.verifier, issuance, verifierSignature);

        Batch storage batch = _batches[issuance.batchId];
        if (batch.nextIndex == 0) _open(issuance.batchId, batch, terms);
        require(issuance.index == batch.nextIndex, IndexMismatch(issuance.batchId, issuance.index, batch.nextIndex));
        ++batch.nextIndex;

        uint256 kg = _book(batch, terms.bufferBps, issuance);
        emit CreditsIssued(issuance.batchId, issuance.index, issuance.recordsRoot, kg, issuance.bufferKg);

        if (issuance.bufferKg > 0) _mint(address(this), issuance.bufferKg);
        for (uint256 i = 0; i < issuance.recipients.length; ++i) {
            _mintCredit(issuance.recipients[i], issuance.kg[i], issuance.creditIds[i]);
        }
    }

    /// @inheritdoc ICarbonCredit
    function setDailyIssueCap(uint256 kg) external restricted {
        _setDailyIssueCap(kg);
    }

    /* RETIRE */

    /// @inheritdoc ICarbonCredit
    function retire(Retirement calldata retirement, uint256 maxBatches) external returns (bytes32 ref) {
        return _retire(msg.sender, msg.sender, retirement, maxBatches);
    }

    /// @inheritdoc ICarbonCredit
    function retireFrom(address holder, Retirement calldata retirement, uint256 maxBatches)
        external
        returns (bytes32 ref)
    {
        _spendAllowance(holder, msg.sender, retirement.kg);
        return _retire(msg.sender, holder, retirement, maxBatches);
    }

    /// @inheritdoc ICarbonCredit
    function retireWithAuthorization(
        address holder,
        Retirement calldata retirement,
        uint256 validAfter,
        uint256 validBefore,
        uint256 maxBatches,
        bytes calldata signature
    ) external returns (bytes32 ref) {
        _checkValidity(validAfter, validBefore);
        bytes32 structHash = _hashRetirement(holder, retirement, validAfter, validBefore);
        require(_isSigned(holder, structHash, signature), InvalidHolderSignature(holder));
        return _retire(holder, holder, retirement, maxBatches);
    }

    /* VIEWS */

    /// @notice 3: one unit is one kilogram, one whole token is one tonne.
    function decimals() public pure override returns (uint8) {
        return 3;
    }

    /// @inheritdoc ICarbonCredit
    function issuedTodayKg(address issuer) public view returns (uint256) {
        IssuedOnDay memory issued = _issuedOnDay[issuer];
        return issued.day == _today() ? issued.kg : 0;
    }

    /// @inheritdoc ICarbonCredit
    function batchIdOf(BatchTerms calldata terms) public pure returns (bytes32) {
        return keccak256(abi.encode(terms));
    }

    /// @inheritdoc ICarbonCredit
    function batchKg(bytes32 batchId) external view returns (BatchKg memory) {
        Batch storage batch = _batches[batchId];
        return BatchKg({
            issuedKg: batch.issuedKg,
            circulatingKg: batch.circulatingKg,
            bufferedKg: batch.bufferedKg,
            retiredKg: batch.retiredKg
        });
    }

    /// @inheritdoc ICarbonCredit
    function nextIndex(bytes32 batchId) external view returns (uint256) {
        return _batches[batchId].nextIndex;
    }

    /// @inheritdoc ICarbonCredit
    function isCreditIdUsed(uint256 creditId) external view returns (bool) {
        return _usedCreditIds.get(creditId);
    }

    /// @inheritdoc ICarbonCredit
    function creditIdText(uint256 creditId) external pure returns (string memory) {
        require(CreditIds.isValid(creditId), InvalidCreditId(creditId));
        return CreditIds.toText(creditId);
    }

    /// @inheritdoc ICarbonCredit
    function nextEligible(uint256 n) external view returns (bytes32[] memory batchIds, uint256[] memory circulatingKg) {
        uint256 length = Math.min(n, _eligible.length);
        batchIds = new bytes32[](length);
        circulatingKg = new uint256[](length);
        bytes32 batchId = _eligible.head();
        for (uint256 i = 0; i < length; ++i) {
            batchIds[i] = batchId;
            circulatingKg[i] = _batches[batchId].circulatingKg;
            batchId = _eligible.next(batchId);
        }
    }

    /// @inheritdoc ICarbonCredit
    function attributable() external view returns (uint256 kg) {
        return totalSupply() - balanceOf(address(this));
    }

    /// @inheritdoc ICarbonCredit
    function refOf(address author, bytes32 nonce) public pure returns (bytes32) {
        return keccak256(abi.encode(author, nonce));
    }

    /* INTERNAL: ISSUE */

    function _checkIssuance(BatchTerms calldata terms, Issuance calldata issuance) private view {
        bytes32 termsId = batchIdOf(terms);
        require(issuance.batchId == termsId, BatchMismatch(issuance.batchId, termsId));
        require(block.timestamp < terms.closesAt, BatchClosed(termsId, terms.closesAt));
        require(block.timestamp <= issuance.deadline, IssuanceExpired(issuance.deadline));

        uint256 length = issuance.recipients.length;
        require(
            length > 0 && issuance.kg.length == length && issuance.creditIds.length == length,
            LengthMismatch(length, issuance.kg.length, issuance.creditIds.length)
        );
    }

    function _checkVerifier(address verifier, Issuance calldata issuance, bytes calldata signature) private view {
        IAccessManager manager = IAccessManager(authority());
        (bool isVerifier,) = manager.hasRole(Roles.VERIFIER, verifier);
        require(isVerifier, NotVerifier(verifier));
        (bool isIssuer,) = manager.hasRole(Roles.ISSUER, verifier);
        require(!isIssuer, VerifierIsIssuer(verifier));
        require(_isSigned(verifier, _hashIssuance(issuance), signature), InvalidVerifierSignature(verifier));
    }

    /// @dev The terms never change, so they are checked once.
    function _open(bytes32 batchId, Batch storage batch, BatchTerms calldata terms) private {
        require(terms.level <= HIGHEST_LEVEL, InvalidLevel(terms.level));
        require(terms.level >= lowestLevel, LevelTooLow(terms.level, lowestLevel));
        require(terms.source != bytes32(0), InvalidTerms("source"));
        require(terms.vintageStart < terms.vintageEnd, InvalidTerms("vintageEnd"));
        require(_isUpperCase(terms.country[0]) && _isUpperCase(terms.country[1]), InvalidTerms("country"));
        require(terms.bufferBps < BPS, InvalidTerms("bufferBps"));

        batch.vintageStart = terms.vintageStart;
        emit BatchOpened(batchId, terms);
    }

    /// @dev Books an issuance into its batch and the issuer's day. Returns what goes to recipients, in kg.
    function _book(Batch storage batch, uint256 bufferBps, Issuance calldata issuance) private returns (uint256 kg) {
        for (uint256 i = 0; i < issuance.kg.length; ++i) {
            require(issuance.kg[i] > 0, ZeroKg());
            kg += issuance.kg[i];
        }
        _countTowardsCap(kg + issuance.bufferKg);

        uint256 issuedKg = batch.issuedKg + kg + issuance.bufferKg;
        uint256 bufferedKg = batch.bufferedKg + issuance.bufferKg;
        uint256 requiredKgUp = Math.ceilDiv(issuedKg * bufferBps, BPS);
        require(bufferedKg >= requiredKgUp, BufferTooSmall(issuance.batchId, bufferedKg, requiredKgUp));

        if (batch.circulatingKg == 0) _eligible.pushTail(issuance.batchId);
        batch.issuedKg = issuedKg.toUint128();
        batch.bufferedKg = bufferedKg.toUint128();
        batch.circulatingKg += kg.toUint128();
    }

    function _countTowardsCap(uint256 kg) private {
        uint256 issuedKg = issuedTodayKg(msg.sender);
        uint256 leftKg = Math.saturatingSub(dailyIssueCapKg, issuedKg);
        require(kg <= leftKg, DailyIssueCapExceeded(msg.sender, kg, leftKg));
        _issuedOnDay[msg.sender] = IssuedOnDay({day: _today(), kg: (issuedKg + kg).toUint192()});
    }

    function _mintCredit(address recipient, uint256 kg, uint256 creditId) private {
        require(recipient != address(this), ERC20InvalidReceiver(recipient));
        require(CreditIds.isValid(creditId), InvalidCreditId(creditId));
        require(!_usedCreditIds.get(creditId), CreditIdUsed(creditId));
        _usedCreditIds.set(creditId);
        _mint(recipient, kg);
        emit CreditMinted(recipient, kg, CreditIds.toText(creditId));
    }

    function _setDailyIssueCap(uint256 kg) private {
        dailyIssueCapKg = kg;
        emit DailyIssueCapChanged(kg);
    }

    /* INTERNAL: RETIRE */

    function _retire(address author, address holder, Retirement calldata retirement, uint256 maxBatches)
        private
        returns (bytes32 ref)
    {
        require(retirement.kg > 0, ZeroKg());
        _consumeNonce(author, retirement.nonce);
        emit AuthorizationUsed(author, retirement.nonce);

        (bytes32[] memory batchIds, uint256[] memory kgs) =
            retirement.batchIds.length == 0 ? _takeEligible(retirement, maxBatches) : _takeNamed(retirement);
        _burn(holder, retirement.kg);

        ref = refOf(author, retirement.nonce);
        emit CreditsRetired(
            ref, holder, retirement.kg, batchIds, kgs, retirement.reason, retirement.period, retirement.commitment
        );
    }

    /// @dev Attributes a retirement to the batches at the head of the eligible list.
    function _takeEligible(Retirement calldata retirement, uint256 maxBatches)
        private
        returns (bytes32[] memory batchIds, uint256[] memory kgs)
    {
        uint256 length = Math.min(maxBatches, _eligible.length);
        batchIds = new bytes32[](length);
        kgs = new uint256[](length);
        uint256 used = 0;
        uint256 leftKg = retirement.kg;
        bytes32 batchId = _eligible.head();
        for (uint256 i = 0; i < length && leftKg > 0; ++i) {
            bytes32 following = _eligible.next(batchId);
            uint256 kg = _take(batchId, leftKg, retirement.earliestVintage);
            if (kg > 0) {
                (batchIds[used], kgs[used]) = (batchId, kg);
                leftKg -= kg;
                ++used;
            }
            batchId = following;
        }
        require(leftKg == 0, NotAttributable(retirement.kg, retirement.kg - leftKg));
        _shorten(batchIds, kgs, used);
    }

    /// @dev Attributes a retirement to the batches that it names.
    function _takeNamed(Retirement calldata retirement)
        private
        returns (bytes32[] memory batchIds, uint256[] memory kgs)
    {
        uint256 length = retirement.batchIds.length;
        batchIds = new bytes32[](length);
        kgs = new uint256[](length);
        uint256 used = 0;
        uint256 leftKg = retirement.kg;
        for (uint256 i = 0; i < length && leftKg > 0; ++i) {
            bytes32 batchId = retirement.batchIds[i];
            require(_batches[batchId].nextIndex > 0, UnknownBatch(batchId));
            uint256 kg = _take(batchId, leftKg, retirement.earliestVintage);
            if (kg > 0) {
                (batchIds[used], kgs[used]) = (batchId, kg);
                leftKg -= kg;
                ++used;
            }
        }
        require(leftKg == 0, NotAttributable(retirement.kg, retirement.kg - leftKg));
        _shorten(batchIds, kgs, used);
    }

    /// @dev Moves at most `wantedKg` of a batch from circulating to retired. Returns how much, in kg.
    function _take(bytes32 batchId, uint256 wantedKg, uint64 earliestVintage) private returns (uint256 kg) {
        Batch storage batch = _batches[batchId];
        if (batch.vintageStart < earliestVintage || batch.circulatingKg == 0) return 0;
        kg = Math.min(wantedKg, batch.circulatingKg);
        batch.circulatingKg -= kg.toUint128();
        batch.retiredKg += kg.toUint128();
        if (batch.circulatingKg == 0) _eligible.remove(batchId);
    }

    /// @dev Cuts both lists in place to their first `length` members.
    function _shorten(bytes32[] memory batchIds, uint256[] memory kgs, uint256 length) private pure {
        assembly ("memory-safe") {
            mstore(batchIds, length)
            mstore(kgs, length)
        }
    }

    /* INTERNAL: SHARED */

    /// @dev The token's own balance is the buffer: only issuing adds to it.
    function _update(address from, address to, uint256 value) internal override {
        require(to != address(this) || from == address(0), ERC20InvalidReceiver(to));
        super._update(from, to, value);
    }

    function _hashIssuance(Issuance calldata issuance) private pure returns (bytes32) {
        return keccak256(
            abi.encode(
                ISSUANCE_TYPEHASH,
                issuance.batchId,
                issuance.index,
                issuance.recordsRoot,
                keccak256(abi.encodePacked(issuance.recipients)),
                keccak256(abi.encodePacked(issuance.kg)),
                keccak256(abi.encodePacked(issuance.creditIds)),
                issuance.bufferKg,
                issuance.deadline
            )
        );
    }

    function _hashRetirement(address holder, Retirement calldata retirement, uint256 validAfter, uint256 validBefore)
        private
        pure
        returns (bytes32)
    {
        return keccak256(
            abi.encode(
                RETIRE_WITH_AUTHORIZATION_TYPEHASH,
                holder,
                retirement.kg,
                keccak256(abi.encodePacked(retirement.batchIds)),
                retirement.earliestVintage,
                retirement.commitment,
                retirement.reason,
                retirement.period,
                validAfter,
                validBefore,
                retirement.nonce
            )
        );
    }

    function _today() private view returns (uint64) {
        return uint64(block.timestamp / 1 days);
    }

    function _isUpperCase(bytes1 letter) private pure returns (bool) {
        return letter >= "A" && letter <= "Z";
    }
}
