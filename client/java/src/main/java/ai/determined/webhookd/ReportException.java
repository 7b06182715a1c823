package ai.determined.webhookd;

import io.grpc.Status;

/** A report failed. */
public final class ReportException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private final transient Status.Code code;
  private final String idempotencyKey;
  private final boolean mayBeStored;

  ReportException(Status.Code code, String message, String idempotencyKey, boolean mayBeStored) {
    super(
        code + ": " + message
            + (mayBeStored
                ? "; the event may be stored: report it again with idempotency key " + idempotencyKey
                : ""));
    this.code = code;
    this.idempotencyKey = idempotencyKey;
    this.mayBeStored = mayBeStored;
  }

  public Status.Code code() {
    return code;
  }

  /** The report's. If mayBeStored, report the event again under it: it is stored once in any case. */
  public String idempotencyKey() {
    return idempotencyKey;
  }

  /** False: nothing was stored. True: nobody knows. */
  public boolean mayBeStored() {
    return mayBeStored;
  }
}
