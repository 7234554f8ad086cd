import "reflect-metadata";
import { Controller, Get, Injectable, Logger, Module, ConsoleLogger } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { HttpModule, HttpService } from "@nestjs/axios";
import { firstValueFrom } from "rxjs";

class OutboundSyncService {
  private readonly logger = new Logger("OutboundSyncService");
  constructor(private readonly http: HttpService) {}
  async me(): Promise<unknown> {
    const headers = process.env.KEY === undefined ? {} : { Authorization: `Bearer ${process.env.KEY}` };
    const request = this.http.get(process.env.URL!, { headers, timeout: 2000, maxRedirects: 0 });
    try {
      return (await firstValueFrom(request)).data;
    } catch (error: any) {
      if (process.argv[2] === "stack") this.logger.error(error.message, error.stack);
      else this.logger.error(`GET /api/v1/me ${error.response?.status ?? error.code}: ${JSON.stringify(error.response?.data)} (Retry-After: ${error.response?.headers?.["retry-after"]})`);
      return null;
    }
  }
}

class AppModule {}
Module({ imports: [HttpModule], providers: [{ provide: OutboundSyncService, useFactory: (http: HttpService) => new OutboundSyncService(http), inject: [HttpService] }] })(AppModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: new ConsoleLogger({ colors: process.argv[2] !== "plain", json: process.argv[2] === "json" }) });
await app.get(OutboundSyncService).me();
await app.close();
