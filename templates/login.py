"""Login: the members' user pool, its threat protection, and the client through which they sign in."""

from troposphere import GetAtt, Ref, Template, cognito

from tableguard.settings import NewLogin, Settings
from templates.builder import StackBuilder
from templates.parts import RETAINED

HANDLE = "preferred_username"
_READ = ["email", "email_verified", "name", HANDLE]
_WRITTEN = ["email", "name"]
_EVERYWHERE = "ALL"  # the risk configuration of all clients


def template(settings: Settings) -> Template:
    """Build the user pool; an administrator deploys it, since whoever changes it can sign in as any member."""
    # where the settings name an existing pool, this is the stack of an earlier life, which may still be destroyed
    login = settings.login if isinstance(settings.login, NewLogin) else NewLogin()
    stack = StackBuilder(settings, "user pool and client of the members")
    pool = _pool(stack, login)
    _threat_protection(stack, pool)
    client = _client(stack, pool, login)
    stack.export("UserPoolId", value=Ref(pool), description="User pool of the members")
    stack.export("UserPoolProvider", value=GetAtt(pool, "ProviderName"), description="Who says who a member is")
    stack.export("UserPoolClientId", value=Ref(client), description="Client through which members sign in")
    return stack.template


def _pool(stack: StackBuilder, login: NewLogin) -> cognito.UserPool:
    return stack.add(
        cognito.UserPool(
            "UserPool",
            UserPoolName=stack.named("members"),
            UserPoolTier="PLUS",  # without which there is no threat protection, and no history of passwords
            UserPoolAddOns=cognito.UserPoolAddOns(
                AdvancedSecurityMode="ENFORCED",
                AdvancedSecurityAdditionalFlows=cognito.AdvancedSecurityAdditionalFlows(CustomAuthMode="ENFORCED"),
            ),
            DeletionProtection="ACTIVE",
            # By an app alone: a code by e-mail is worth what the mailbox is, and one by SMS is intercepted. Cognito
            # keeps all under a key of its own; KeyConfiguration is absent, as no message and no conversation is here.
            MfaConfiguration="ON",
            EnabledMfas=["SOFTWARE_TOKEN_MFA"],
            # Members sign in by e-mail address, which may change. Their user name is `sub`, which never does.
            UsernameAttributes=["email"],
            UsernameConfiguration=cognito.UsernameConfiguration(CaseSensitive=False),
            AutoVerifiedAttributes=["email"],
            UserAttributeUpdateSettings=cognito.UserAttributeUpdateSettings(
                AttributesRequireVerificationBeforeUpdate=["email"]
            ),
            AccountRecoverySetting=cognito.AccountRecoverySetting(
                RecoveryMechanisms=[cognito.RecoveryOption(Name="verified_email", Priority=1)]
            ),
            AdminCreateUserConfig=cognito.AdminCreateUserConfig(AllowAdminCreateUserOnly=not login.self_sign_up),
            Policies=_policies(),
            Schema=[
                # what is required when a pool is made stays so for ever
                cognito.SchemaAttribute(Name="email", AttributeDataType="String", Required=True, Mutable=True),
            ],
            UserPoolTags=stack.tag_map(),
            **RETAINED,  # with the pool would go every member's `sub`, by which the table's rows are theirs
        )
    )


def _policies() -> cognito.Policies:
    return cognito.Policies(
        PasswordPolicy=cognito.PasswordPolicy(
            MinimumLength=12,
            PasswordHistorySize=24,
            RequireLowercase=True,
            RequireNumbers=True,
            RequireSymbols=True,
            RequireUppercase=True,
            TemporaryPasswordValidityDays=1,
        ),
        SignInPolicy=cognito.SignInPolicy(AllowedFirstAuthFactors=["PASSWORD"]),
    )


def _threat_protection(stack: StackBuilder, pool: cognito.UserPool) -> None:
    """Block what Cognito holds for a takeover, and passwords that were published.

    Of a sign-in by SRP it never sees the password, so these are found when one is chosen.
    https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pool-settings-compromised-credentials.html
    """
    stack.add(
        cognito.UserPoolRiskConfigurationAttachment(
            "ThreatProtection",
            UserPoolId=Ref(pool),
            ClientId=_EVERYWHERE,
            AccountTakeoverRiskConfiguration=cognito.AccountTakeoverRiskConfigurationType(
                # nobody is told by mail: that takes an identity of SES, which the organization may have
                Actions=cognito.AccountTakeoverActionsType(
                    HighAction=cognito.AccountTakeoverActionType(EventAction="BLOCK", Notify=False),
                    MediumAction=cognito.AccountTakeoverActionType(EventAction="BLOCK", Notify=False),
                    LowAction=cognito.AccountTakeoverActionType(EventAction="MFA_REQUIRED", Notify=False),
                )
            ),
            CompromisedCredentialsRiskConfiguration=cognito.CompromisedCredentialsRiskConfigurationType(
                EventFilter=["PASSWORD_CHANGE", "SIGN_IN", "SIGN_UP"],
                Actions=cognito.CompromisedCredentialsActionsType(EventAction="BLOCK"),
            ),
            **RETAINED,
        )
    )


def _client(stack: StackBuilder, pool: cognito.UserPool, login: NewLogin) -> cognito.UserPoolClient:
    """Add a client as an application on a member's own device has it: no secret, and a password never leaves it.

    It signs in by SRP alone, so it has no pages of Cognito's, no OAuth flow and nothing to return to.
    """
    return stack.add(
        cognito.UserPoolClient(
            "UserPoolClient",
            ClientName=stack.named("members"),
            UserPoolId=Ref(pool),
            GenerateSecret=False,  # which no application could keep on a member's device
            ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH"],
            SupportedIdentityProviders=["COGNITO"],
            AllowedOAuthFlowsUserPoolClient=False,
            PreventUserExistenceErrors="ENABLED",
            EnableTokenRevocation=True,
            EnablePropagateAdditionalUserContextData=False,  # which takes a secret
            AuthSessionValidity=5,
            AccessTokenValidity=60,
            IdTokenValidity=60,
            RefreshTokenValidity=login.session_days,
            TokenValidityUnits=cognito.TokenValidityUnits(
                AccessToken="minutes", IdToken="minutes", RefreshToken="days"
            ),
            # a refresh token serves once; with rotation ALLOW_REFRESH_TOKEN_AUTH must be off
            # https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-refresh-token.html
            RefreshTokenRotation=cognito.RefreshTokenRotation(Feature="ENABLED", RetryGracePeriodSeconds=10),
            ReadAttributes=_READ,
            # a handle is written where it is looked up and in the rows too: by who administers members
            WriteAttributes=[*_WRITTEN, *([HANDLE] if login.self_sign_up else [])],
        )
    )
