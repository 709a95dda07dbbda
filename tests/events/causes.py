"""What brings each event about: the operation of the API that tells of it, or the passing of time."""

from typing import Any

from app.events.catalogue import EventType
from tests.events.asking import ASKING
from tests.events.naming import NAMING
from tests.events.stage import EMAIL, TIME, Cause, Stage, sweep
from tests.events.waiting import WAITING
from tests.people.crowd import acceptance


def _of_appointment(action: str, body: Any = None) -> Cause:
    async def cause(stage: Stage) -> str:
        made = await stage.booked(hold=True) if action == "confirm" else await stage.booked()
        if action == "complete":
            await stage.salon.act(made, "check-in")
        answer = await stage.salon.act(made, action, body, now="2027-02-01T09:30:00Z" if action == "no-show" else None)
        assert answer.status_code in {200, 201}, answer.text
        return str(answer.json()["id"])

    return cause


async def _book(stage: Stage) -> str:
    return str((await stage.booked())["id"])


async def _hold(stage: Stage) -> str:
    return str((await stage.booked(hold=True))["id"])


async def _request(stage: Stage) -> str:
    return str((await stage.requested())["id"])


async def _decline(stage: Stage) -> str:
    made = await stage.requested()
    assert (await stage.salon.act(made, "decline")).status_code == 200
    return str(made["id"])


async def _annotate(stage: Stage) -> str:
    made = await stage.booked()
    await stage.do("PATCH", f"/appointments/{made['id']}", {"notes": "By the window"})
    return str(made["id"])


async def _let_expire(stage: Stage) -> str:
    made = await stage.booked(hold=True)
    await sweep(stage)
    return str(made["id"])


async def _add_customer(stage: Stage) -> str:
    return str((await stage.do("POST", "/customers", {"name": "Grace"}))["id"])


async def _change_customer(stage: Stage) -> str:
    await stage.do("PATCH", f"/customers/{stage.salon.customer}", {"phone": "+49 30 1234567"})
    return stage.salon.customer


async def _sign_up(stage: Stage) -> str:
    return str((await stage.signed_up())["id"])


async def _claim_record(stage: Stage) -> str:
    await stage.business.make("/customers", {"name": "Ms Lovelace", "email": EMAIL})
    return str((await stage.signed_up())["id"])


async def _accept(stage: Stage) -> str:
    made = await stage.business.make("/customers", {"name": "Ada", "email": EMAIL})
    await stage.business.make(f"/customers/{made['id']}/invitation", {})
    code = (await stage.mailbox.latest(EMAIL)).code
    answer = await stage.business.anonymous.post("/api/v1/invitations/accept", json=acceptance(code))
    assert answer.is_success, answer.text
    return str(made["id"])


async def _add_service(stage: Stage) -> str:
    return await stage.salon.service([await stage.salon.resource()])


async def _change_service(stage: Stage) -> str:
    service = await stage.salon.service([await stage.salon.resource()])
    await stage.do("PATCH", f"/services/{service}", {"price_minor": 5000})
    return service


async def _archive_service(stage: Stage) -> str:
    service = await stage.salon.service([await stage.salon.resource()])
    await stage.do("DELETE", f"/services/{service}")
    return service


async def _do_without(stage: Stage) -> str:
    one, other = await stage.salon.resource(), await stage.salon.resource("Bo")
    service = await stage.salon.service([one, other])
    await stage.do("DELETE", f"/resources/{other}")
    return service


async def _add_resource(stage: Stage) -> str:
    return str((await stage.do("POST", "/resources", {"kind": "room", "name": "Room 1"}))["id"])


async def _change_resource(stage: Stage) -> str:
    resource = await _add_resource(stage)
    await stage.do("PATCH", f"/resources/{resource}", {"name": "Room 2"})
    return resource


async def _archive_resource(stage: Stage) -> str:
    resource = await _add_resource(stage)
    await stage.do("DELETE", f"/resources/{resource}")
    return resource


async def _schedule(stage: Stage) -> str:
    resource = await _add_resource(stage)
    await stage.do("PUT", f"/resources/{resource}/schedule", {"timezone": "UTC", "weekly": [], "overrides": []})
    return resource


async def _block(stage: Stage) -> str:
    during = {"start": "2027-02-01T12:00:00Z", "end": "2027-02-01T13:00:00Z"}
    return str((await stage.do("POST", f"/resources/{await _add_resource(stage)}/blocks", during))["id"])


async def _unblock(stage: Stage) -> str:
    resource = await _add_resource(stage)
    during = {"start": "2027-02-01T12:00:00Z", "end": "2027-02-01T13:00:00Z"}
    block = (await stage.do("POST", f"/resources/{resource}/blocks", during))["id"]
    await stage.do("DELETE", f"/resources/{resource}/blocks/{block}")
    return str(block)


async def _make_token(stage: Stage) -> str:
    body = {"name": "till", "mode": "test", "scopes": ["customers:read"]}
    return str((await stage.business.make("/tokens", body))["id"])


async def _roll_token(stage: Stage) -> str:
    return str((await stage.business.make(f"/tokens/{await _make_live_token(stage)}/roll", {}))["id"])


async def _end_by_rolling(stage: Stage) -> str:
    token = await _make_live_token(stage)
    await stage.business.make(f"/tokens/{token}/roll", {"overlap_seconds": 0})
    return token


async def _revoke_token(stage: Stage) -> str:
    token = await _make_live_token(stage)
    assert (await stage.business.owner.delete(f"/api/v1/tokens/{token}")).status_code == 204
    return token


async def _make_live_token(stage: Stage) -> str:
    body = {"name": "till", "mode": "live", "scopes": ["customers:read"]}
    return str((await stage.business.make("/tokens", body))["id"])


async def _try(stage: Stage) -> str:
    body = {"url": "https://example.com/hook", "events": ["appointment.created"]}
    endpoint = (await stage.business.make("/webhook-endpoints", body))["id"]
    answer = await stage.business.owner.post(f"/api/v1/webhook-endpoints/{endpoint}/test")
    assert answer.status_code == 202, answer.text
    return str(endpoint)


T = EventType
CAUSES: dict[tuple[str, EventType], Cause] = {
    ("bookAppointment", T.APPOINTMENT_CREATED): _book,
    ("bookAppointment", T.APPOINTMENT_HELD): _hold,
    ("bookAppointment", T.APPOINTMENT_PENDING): _request,
    ("confirmAppointment", T.APPOINTMENT_CONFIRMED): _of_appointment("confirm"),
    ("declineAppointment", T.APPOINTMENT_DECLINED): _decline,
    ("rescheduleAppointment", T.APPOINTMENT_RESCHEDULED): _of_appointment(
        "reschedule", {"start": "2027-02-01T13:00:00Z"}
    ),
    ("cancelAppointment", T.APPOINTMENT_CANCELLED): _of_appointment("cancel"),
    ("checkInAppointment", T.APPOINTMENT_CHECKED_IN): _of_appointment("check-in"),
    ("completeAppointment", T.APPOINTMENT_COMPLETED): _of_appointment("complete"),
    ("markNoShow", T.APPOINTMENT_NO_SHOW): _of_appointment("no-show"),
    ("updateAppointment", T.APPOINTMENT_UPDATED): _annotate,
    (TIME, T.APPOINTMENT_HOLD_EXPIRED): _let_expire,
    **WAITING,
    **NAMING,
    **ASKING,
    ("createCustomer", T.CUSTOMER_CREATED): _add_customer,
    ("confirmSignUp", T.CUSTOMER_CREATED): _sign_up,
    ("updateCustomer", T.CUSTOMER_UPDATED): _change_customer,
    ("confirmSignUp", T.CUSTOMER_UPDATED): _claim_record,
    ("acceptInvitation", T.CUSTOMER_UPDATED): _accept,
    ("createService", T.SERVICE_CREATED): _add_service,
    ("updateService", T.SERVICE_UPDATED): _change_service,
    ("archiveResource", T.SERVICE_UPDATED): _do_without,
    ("archiveService", T.SERVICE_ARCHIVED): _archive_service,
    ("createResource", T.RESOURCE_CREATED): _add_resource,
    ("updateResource", T.RESOURCE_UPDATED): _change_resource,
    ("archiveResource", T.RESOURCE_ARCHIVED): _archive_resource,
    ("replaceSchedule", T.RESOURCE_SCHEDULE_CHANGED): _schedule,
    ("createBlock", T.RESOURCE_BLOCKED): _block,
    ("removeBlock", T.RESOURCE_UNBLOCKED): _unblock,
    ("createToken", T.TOKEN_CREATED): _make_token,
    ("rollToken", T.TOKEN_CREATED): _roll_token,
    ("rollToken", T.TOKEN_REVOKED): _end_by_rolling,
    ("revokeToken", T.TOKEN_REVOKED): _revoke_token,
    ("tryWebhookEndpoint", T.WEBHOOK_TEST): _try,
}

SILENT = {
    "runBatch",  # each of its requests tells by itself
    "updateToken",
    # What the people at the desk work with: they hear of it as they work.
    *("updateDeskSettings", "createCannedReply", "updateCannedReply", "deleteCannedReply"),
    *("createTicketView", "updateTicketView", "deleteTicketView"),
    "verifyDomain",  # what is found tells by itself
    "resetSandbox",  # tells of everything that it makes, as its own test has it
    # A file is told of by whatever it belongs to.
    *("createMediaFile", "completeMediaFile", "deleteMediaFile", "setAvatar", "deleteAvatar"),
    # Who logs in, how, and as whom: that is for the audit trail.
    *("logIn", "answerChallenge", "challengePasskey", "logInWithPasskey", "refreshSession", "logOut"),
    *("toggleSandbox", "markNotificationRead", "markAllNotificationsRead", "putPreferences", "createLiveTicket"),
    *("signUpCustomer", "confirmEmail", "forgotPassword", "resetPassword", "confirmEmailChange"),
    *("changePassword", "changeEmail", "verifyEmail", "endMyOtherSessions", "endMySession"),
    *("beginTotp", "removeTotp", "confirmTotp", "renewRecoveryCodes", "beginPasskey", "addPasskey", "deletePasskey"),
    *("beginMasquerade", "endMasquerade", "redeemMasquerade", "giveGrants", "revokeGrants", "revokeGrant"),
    *("deactivateCustomerLogIn", "reactivateCustomerLogIn", "inviteCustomer"),
    # How a business runs itself, and the platform.
    *(
        "updateBusiness",
        "setLogo",
        "deleteLogo",
        "updateStaff",
        "createInvitation",
        "withdrawInvitation",
        "resendInvitation",
    ),
    *("createWebhookEndpoint", "updateWebhookEndpoint", "rotateWebhookSecret", "deleteWebhookEndpoint"),
    *("resendWebhookDelivery", "createWebhookReplay", "cancelWebhookReplay"),
    *("createTenant", "updateTenant", "updateTier", "revokeUserSessions", "resetUserSecondFactor"),
    *("deactivateUser", "reactivateUser"),
    # What a business asks of the platform is nobody else's affair.
    *("openPlatformTicket", "replyToPlatformTicket", "settlePlatformTicket"),
    *("updateSupportTicket", "setSupportTicketStatus", "addSupportTicketMessage"),
}
"""The operations that change something of which no event tells."""
