#ifndef WEBHOOKD_SERVER_AUTH_PERMISSION_H_
#define WEBHOOKD_SERVER_AUTH_PERMISSION_H_

namespace webhookd {

// What somebody may be allowed to do, everywhere or in one workspace.
enum class Permission {
  kNone,              // nothing that needs one: whoever is signed in may
  kViewWebhooks,      // list webhooks and what became of their deliveries
  kEditWebhooks,      // create, change, test and delete webhooks; send deliveries again
  kAssignRoles,       // give roles to users
  kReport,            // report events as a master does
  kViewMasterConfig,  // read the configuration, the signing key included
  kAdministrate,      // manage users, tokens and workspaces; read the audit log
};

}  // namespace webhookd

#endif  // WEBHOOKD_SERVER_AUTH_PERMISSION_H_
