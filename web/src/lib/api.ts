import createClient, { type Middleware } from "openapi-fetch";
import type { paths } from "./api.gen";

export interface FieldError {
  path: string;
  message: string;
}

/** A refusal of the server (problem details, RFC 9457), or the failure to reach it (`status` 0). */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly errors: readonly FieldError[] = [],
    readonly retryAfterSeconds: number | null = null,
    /** What the person can do about it, in the server's words. */
    readonly remedy: string | null = null,
  ) {
    super(message);
  }

  get isOffline() {
    return this.status === 0;
  }

  static async from(response: Response): Promise<ApiError> {
    const problem = await readProblem(response);
    const retryAfter = Number(response.headers.get("Retry-After") ?? Number.NaN);
    return new ApiError(
      response.status,
      problem.code ?? `http_${response.status}`,
      problem.detail ?? problem.title ?? wordsFor(response.status),
      problem.errors ?? [],
      Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter : null,
      problem.remedy ?? null,
    );
  }
}

interface Problem {
  title?: string;
  detail?: string;
  code?: string;
  remedy?: string;
  errors?: FieldError[];
}

async function readProblem(response: Response): Promise<Problem> {
  if (!response.headers.get("Content-Type")?.includes("json")) return {};
  try {
    return (await response.json()) as Problem;
  } catch {
    // A proxy cut the body short: the status still says what happened.
    return {};
  }
}

function wordsFor(status: number): string {
  switch (status) {
    case 401:
      return "You are signed out. Sign in again to go on.";
    case 403:
      return "You may not do this.";
    case 404:
      return "This does not exist, or it is not yours to see.";
    case 409:
      return "This was changed by someone else in the meantime. Load it again.";
    case 413:
      return "This is larger than the server accepts.";
    case 429:
      return "Too many requests. Wait a moment, then try again.";
    case 502:
    case 503:
    case 504:
      return "The server is not ready. It usually is again within a minute.";
    default:
      return `The server answered ${status}.`;
  }
}

const refusals: Middleware = {
  onRequest({ request }) {
    // Proves to the server that the call comes from this app: a foreign page cannot set a header of its own.
    if (request.method !== "GET" && request.method !== "HEAD") request.headers.set("X-Weft-Csrf", "1");
    request.headers.set("Accept", "application/json");
    return request;
  },
  async onResponse({ response }) {
    if (!response.ok) throw await ApiError.from(response);
    return undefined;
  },
  onError({ error }) {
    if (error instanceof DOMException && error.name === "AbortError") return error;
    return new ApiError(0, "unreachable", "The server cannot be reached. Check that it runs and that you are online.");
  },
};

export const api = createClient<paths>({ baseUrl: window.location.origin, credentials: "same-origin" });
api.use(refusals);

/** The body of an answer. Refusals were thrown before, as `ApiError`. */
export async function body<T>(call: Promise<{ data?: T }>): Promise<T> {
  const { data } = await call;
  return data as T;
}

/** Uploads with progress, which fetch cannot report. */
export function upload<T>(path: string, file: File, onProgress: (part: number) => void, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.setRequestHeader("X-Weft-Csrf", "1");
    request.setRequestHeader("Accept", "application/json");
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onload = () => {
      const response = new Response(request.responseText, {
        status: request.status,
        headers: {
          "Content-Type": request.getResponseHeader("Content-Type") ?? "",
          "Retry-After": request.getResponseHeader("Retry-After") ?? "",
        },
      });
      if (response.ok) resolve(JSON.parse(request.responseText) as T);
      else void ApiError.from(response).then(reject);
    };
    request.onerror = () => reject(new ApiError(0, "unreachable", "The upload was cut off. Check that you are online, then try again."));
    request.onabort = () => reject(new DOMException("The upload was cancelled.", "AbortError"));
    signal?.addEventListener("abort", () => request.abort());
    const form = new FormData();
    form.append("file", file);
    request.send(form);
  });
}
