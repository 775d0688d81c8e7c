using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Weft.Documents.Pdf;

/// <summary>
/// Reads PDFs in one long-lived child process, so that a hostile file meets neither our memory nor our address space.
/// Started with the first document, one document at a time, ended and started anew when a document overstays or breaks it.
/// Safe to use from many threads.
/// </summary>
internal sealed partial class PdfExtractor(DocumentOptions options, TimeProvider time, ILoggerFactory? loggerFactory = null) : IAsyncDisposable
{
    private const int MaxHeaderBytes = 16 * 1024 * 1024;
    private const int KeptErrorCharacters = 4096;
    private static readonly TimeSpan MemoryCheckInterval = TimeSpan.FromMilliseconds(100);

    private readonly ILogger _log = (ILogger?)loggerFactory?.CreateLogger<PdfExtractor>() ?? NullLogger.Instance;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private Child? _child;
    private int _waiting;
    private int _requests;
    private bool _disposed;

    /// <summary>The child's process id while it runs; for tests that break it.</summary>
    internal int? ProcessId => _child?.Process.Id;

    /// <exception cref="DocumentRefusedException">The document cannot be read.</exception>
    /// <exception cref="ExtractorUnavailableException">The extractor cannot work at present.</exception>
    public async Task<PdfExtraction> ExtractAsync(ReadOnlyMemory<byte> document, CancellationToken ct)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Interlocked.Increment(ref _waiting) > options.QueueLimit)
        {
            Interlocked.Decrement(ref _waiting);
            throw new ExtractorUnavailableException("Too many PDFs wait to be read. Try again in a minute.", retryable: true);
        }

        try
        {
            await _turn.WaitAsync(ct);
        }
        catch (OperationCanceledException)
        {
            Interlocked.Decrement(ref _waiting);
            throw;
        }

        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return await AskAsync(document, ct);
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
            _turn.Release();
        }
    }

    private async Task<PdfExtraction> AskAsync(ReadOnlyMemory<byte> document, CancellationToken ct)
    {
        var child = await RunningChildAsync(ct);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var started = time.GetTimestamp();
        var tooHeavy = false;
        await using var watch = time.CreateTimer(
            _ =>
            {
                if (time.GetElapsedTime(started) > options.DocumentTimeout)
                    limit.Cancel();
                else if (MemoryOf(child.Process) > options.MemoryLimit)
                {
                    tooHeavy = true;
                    limit.Cancel();
                }
            },
            null, MemoryCheckInterval, MemoryCheckInterval);

        var id = ++_requests;
        try
        {
            var header = JsonSerializer.SerializeToUtf8Bytes(
                new ExtractorRequest(id, options.MaxPages, options.MaxCharacters), ExtractorJson.Default.ExtractorRequest);
            await child.SendAsync(header, document, limit.Token);
            var (answer, characters) = await child.ReceiveAsync((long)options.MaxCharacters * PdfCharacter.Size, limit.Token);
            if (answer.Id != id)
                throw new InvalidDataException("The extractor answered another question.");
            if (MemoryOf(child.Process) > options.MemoryLimit / 2)
                End(child);
            return Unpack(answer, characters);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            End(child);
            LogLimit(_log, tooHeavy ? "memory" : "time", document.Length);
            throw tooHeavy
                ? new DocumentRefusedException(DocumentRefusal.TooHeavy, "The PDF needs more memory than a document should. Export it anew, without large pictures.")
                : new DocumentRefusedException(DocumentRefusal.TimedOut, "The PDF takes too long to read. Export it anew, for example with \"Print to PDF\".");
        }
        catch (OperationCanceledException)
        {
            End(child);
            throw;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or JsonException or InvalidOperationException)
        {
            End(child);
            ObjectDisposedException.ThrowIf(_disposed, this);
            LogBroken(_log, e, child.ErrorText);
            throw new DocumentRefusedException(DocumentRefusal.Damaged, "The PDF breaks the reader. Export it anew, for example with \"Print to PDF\".", e);
        }
    }

    private static PdfExtraction Unpack(ExtractorAnswer answer, byte[] characters)
    {
        if (answer.Error is { } error)
        {
            throw error switch
            {
                "encrypted" => new DocumentRefusedException(DocumentRefusal.Encrypted, "The PDF asks for a password. Save it without one and upload it again."),
                "memory" => new DocumentRefusedException(DocumentRefusal.TooHeavy, "The PDF needs more memory than a document should. Export it anew, without large pictures."),
                _ => new DocumentRefusedException(DocumentRefusal.Damaged, "The PDF is damaged or incomplete. Export it anew from the program that made it."),
            };
        }

        var pages = new List<PdfPage>(answer.Pages!.Count);
        var at = 0;
        foreach (var page in answer.Pages)
        {
            if (page.Characters < 0 || (at + (long)page.Characters) * PdfCharacter.Size > characters.Length)
                throw new InvalidDataException("The extractor's answer is shorter than it says.");
            var read = new PdfCharacter[page.Characters];
            for (var i = 0; i < read.Length; i++)
                read[i] = PdfCharacter.Read(characters.AsSpan((at + i) * PdfCharacter.Size, PdfCharacter.Size));
            at += read.Length;
            pages.Add(new PdfPage(page.Number, page.Width, page.Height, page.ImageCover, read));
        }

        return new PdfExtraction(pages, answer.Styles ?? [], answer.Links ?? [], answer.PageCount, answer.Unread, answer.Cut);
    }

    private async Task<Child> RunningChildAsync(CancellationToken ct)
    {
        if (_child is { Process.HasExited: false } running)
            return running;
        if (_child is { } dead)
            End(dead);
        var child = Child.Start(options);
        _child = child;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await using var deadline = time.CreateTimer(_ => limit.Cancel(), null, options.StartTimeout, Timeout.InfiniteTimeSpan);
        try
        {
            var (answer, _) = await child.ReceiveAsync(0, limit.Token);
            if (!answer.Ready)
                throw new InvalidDataException("The extractor did not greet.");
            LogStarted(_log, child.Process.Id);
            return child;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or JsonException or OperationCanceledException)
        {
            End(child);
            if (ct.IsCancellationRequested)
                throw;
            throw new ExtractorUnavailableException(
                $"The PDF extractor did not start ({FirstLine(child.ErrorText) ?? e.Message}). It needs Node.js 20 or later, and `npm ci` in its directory.", retryable: false, e);
        }
    }

    private void End(Child child)
    {
        if (_child == child)
            _child = null;
        child.Dispose();
    }

    private static string? FirstLine(string text) =>
        text.Split('\n').Select(line => line.Trim()).FirstOrDefault(line => line.Contains("Error", StringComparison.Ordinal));

    private static long MemoryOf(Process process)
    {
        try
        {
            process.Refresh();
            return process.WorkingSet64;
        }
        catch (InvalidOperationException)
        {
            return 0; // It has just ended; the reader of its output will notice.
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        if (_child is { } busy)
            End(busy);
        await _turn.WaitAsync(CancellationToken.None);
        if (_child is { } child)
            End(child);
        _turn.Release();
    }

    /// <summary>The running process and the two ends of its pipe.</summary>
    private sealed class Child : IDisposable
    {
        private readonly StringBuilder _errors = new();

        private Child(Process process) => Process = process;

        public Process Process { get; }

        public string ErrorText
        {
            get
            {
                lock (_errors)
                    return _errors.ToString();
            }
        }

        public static Child Start(DocumentOptions options)
        {
            var directory = options.ResolveExtractorDirectory();
            var script = Path.Combine(directory, "extractor.mjs");
            if (!File.Exists(script))
                throw new ExtractorUnavailableException($"The PDF extractor is not at {directory}. Set {DocumentOptions.ExtractorVariable} to its directory.", retryable: false);
            if (!Directory.Exists(Path.Combine(directory, "node_modules")))
                throw new ExtractorUnavailableException($"The PDF extractor's packages are not installed. Run `npm ci` in {directory}.", retryable: false);
            var node = options.NodePath ?? FindOnPath(OperatingSystem.IsWindows() ? "node.exe" : "node")
                ?? throw new ExtractorUnavailableException("Node.js 20 or later is needed to read PDFs and was not found on the search path.", retryable: false);
            var start = new ProcessStartInfo(node)
            {
                WorkingDirectory = directory,
                UseShellExecute = false,
                CreateNoWindow = true,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                StandardErrorEncoding = Encoding.UTF8,
            };
            // Secrets of ours stay ours: the child sees none of the environment.
            start.Environment.Clear();
            start.ArgumentList.Add("--max-old-space-size=128");
            start.ArgumentList.Add($"--wasm-max-mem-pages={Math.Clamp(options.MemoryLimit / 65536 * 3 / 4, 1024, 32768)}");
            // The optimising compiler makes the tenth document faster and the first three slower; a steady pace suits better.
            start.ArgumentList.Add("--no-wasm-lazy-compilation");
            start.ArgumentList.Add("--liftoff-only");
            start.ArgumentList.Add(script);
            Process process;
            try
            {
                process = Process.Start(start)!;
            }
            catch (System.ComponentModel.Win32Exception e)
            {
                throw new ExtractorUnavailableException($"{node} could not be started: {e.Message}", retryable: false, e);
            }

            var child = new Child(process);
            process.ErrorDataReceived += (_, line) => child.KeepError(line.Data);
            process.BeginErrorReadLine();
            return child;
        }

        public async Task SendAsync(byte[] header, ReadOnlyMemory<byte> document, CancellationToken ct)
        {
            var lengths = new byte[8];
            BinaryPrimitives.WriteUInt32LittleEndian(lengths, (uint)header.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(lengths.AsSpan(4), (uint)document.Length);
            var pipe = Process.StandardInput.BaseStream;
            await pipe.WriteAsync(lengths, ct);
            await pipe.WriteAsync(header, ct);
            await pipe.WriteAsync(document, ct);
            await pipe.FlushAsync(ct);
        }

        public async Task<(ExtractorAnswer Answer, byte[] Characters)> ReceiveAsync(long maxBody, CancellationToken ct)
        {
            var pipe = Process.StandardOutput.BaseStream;
            var lengths = new byte[8];
            await pipe.ReadExactlyAsync(lengths, ct);
            var header = BinaryPrimitives.ReadUInt32LittleEndian(lengths);
            var body = BinaryPrimitives.ReadUInt32LittleEndian(lengths.AsSpan(4));
            if (header > MaxHeaderBytes || body > maxBody)
                throw new InvalidDataException("The extractor's answer is longer than it may be.");
            var text = new byte[header];
            await pipe.ReadExactlyAsync(text, ct);
            var characters = new byte[body];
            await pipe.ReadExactlyAsync(characters, ct);
            return (JsonSerializer.Deserialize(text, ExtractorJson.Default.ExtractorAnswer) ?? throw new InvalidDataException("The extractor answered nothing."), characters);
        }

        private void KeepError(string? line)
        {
            lock (_errors)
            {
                if (line is not null && _errors.Length < KeptErrorCharacters)
                    _errors.Append(line.AsSpan(0, Math.Min(line.Length, KeptErrorCharacters - _errors.Length))).Append('\n');
            }
        }

        public void Dispose()
        {
            try
            {
                if (!Process.HasExited)
                    Process.Kill(entireProcessTree: true);
            }
            catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
            {
                // It ended between the question and the kill: the wanted state.
            }

            Process.Dispose();
        }

        private static string? FindOnPath(string program) =>
            (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
                .Select(directory => Path.Combine(directory, program))
                .FirstOrDefault(File.Exists);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "PDF extractor started as process {ProcessId}")]
    private static partial void LogStarted(ILogger logger, int processId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "PDF extractor ended: a document of {Bytes} bytes went over its {Limit} limit")]
    private static partial void LogLimit(ILogger logger, string limit, int bytes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "PDF extractor broke on a document: {Errors}")]
    private static partial void LogBroken(ILogger logger, Exception exception, string errors);
}

internal sealed record ExtractorRequest(int Id, int MaxPages, int MaxCharacters);

internal sealed record ExtractorPage(int Number, double Width, double Height, int Characters, double ImageCover);

internal sealed record ExtractorAnswer(
    int Id, bool Ready, string? Error, int PageCount, int Unread, bool Cut,
    List<ExtractorPage>? Pages, List<PdfStyle>? Styles, List<PdfLink>? Links);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ExtractorRequest))]
[JsonSerializable(typeof(ExtractorAnswer))]
internal sealed partial class ExtractorJson : JsonSerializerContext;
