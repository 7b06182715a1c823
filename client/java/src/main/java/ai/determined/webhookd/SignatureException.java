package ai.determined.webhookd;

/** The request must not be trusted; answer 401. */
public final class SignatureException extends Exception {
  /** Why a request was refused. */
  public enum Problem {
    MISSING_HEADER,
    DOUBLED_HEADER,
    MALFORMED_HEADER,
    WRONG_SIGNATURE,
    STALE,
    FUTURE
  }

  private static final long serialVersionUID = 1L;
  private final Problem problem;

  SignatureException(Problem problem, String message) {
    super(message);
    this.problem = problem;
  }

  public Problem problem() {
    return problem;
  }
}
